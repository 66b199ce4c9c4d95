from app.replacing.draft import Draft
from app.replacing.rules import Replacement, Wrong


def test_a_fresh_row_is_tried_and_counts_only_once_it_is_finished() -> None:
    draft = Draft([Replacement("a", "b")])
    row = draft.add()
    assert row == 1 and draft.wrong == {} and list(draft.tried) == [0]
    assert draft.change(row, hears="um")
    assert list(draft.tried) == [0, 1] and list(draft.counting) == [Replacement("a", "b")]
    assert draft.finish()
    assert list(draft.counting) == [Replacement("a", "b"), Replacement("um")]
    assert not draft.finish() and not draft.change(row, hears="um")


def test_one_that_stayed_empty_was_not_wanted() -> None:
    draft = Draft()
    draft.add()
    assert draft.add() == 0 and len(draft.rules) == 1
    draft.finish()
    assert draft.rules == []


def test_what_cannot_be_stays_and_says_why() -> None:
    draft = Draft([Replacement("a"), Replacement("b")])
    draft.change(1, hears="A")
    assert draft.wrong == {1: Wrong.TWICE} and draft.counting == (Replacement("a"),)
    draft.change(1, hears="")
    assert draft.wrong == {1: Wrong.EMPTY}
    row = draft.add()
    draft.change(row, writes="x")
    assert draft.wrong == {1: Wrong.EMPTY}, "a fresh one is still being filled"
    draft.finish()
    assert draft.wrong == {1: Wrong.EMPTY, 2: Wrong.EMPTY}


def test_rows_go_and_the_fresh_one_is_still_known() -> None:
    draft = Draft([Replacement("a"), Replacement("b")])
    draft.add()
    draft.remove([0])
    assert [rule.hears for rule in draft.rules] == ["b", ""] and list(draft.tried) == [0]
    draft.change(1, hears="c")
    assert draft.counting == (Replacement("b"),), "it is still fresh"
    draft.remove([1])
    assert not draft.finish() and draft.counting == (Replacement("b"),)


def test_what_comes_takes_the_place_of_what_hears_the_same() -> None:
    draft = Draft([Replacement("Git Hub", "x"), Replacement("b")])
    draft.merge([Replacement("git hub", "GitHub"), Replacement("c", "1"), Replacement("C", "2")])
    assert draft.rules == [Replacement("git hub", "GitHub"), Replacement("b"), Replacement("C", "2")]
