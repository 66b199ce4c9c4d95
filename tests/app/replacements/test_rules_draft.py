from app.replacements.rules import Draft, Replacement


def test_fresh_row_is_tried_but_takes_effect_after_finish() -> None:
    draft = Draft([Replacement("a", "b")])
    row = draft.add()
    assert row == 1 and draft.wrong == {} and list(draft.tried) == [0]
    assert draft.change(row, hears="um")
    assert list(draft.tried) == [0, 1] and list(draft.counting) == [Replacement("a", "b")]
    assert draft.finish()
    assert list(draft.counting) == [Replacement("a", "b"), Replacement("um")]
    assert not draft.finish() and not draft.change(row, hears="um")


def test_finish_drops_empty_row() -> None:
    draft = Draft()
    draft.add()
    assert draft.add() == 0 and len(draft.rules) == 1
    draft.finish()
    assert draft.rules == []


def test_draft_keeps_invalid_rows_with_problems() -> None:
    draft = Draft([Replacement("a"), Replacement("b")])
    draft.change(1, hears="A")
    assert draft.wrong == {1: "twice"} and draft.counting == (Replacement("a"),)
    draft.change(1, hears="")
    assert draft.wrong == {1: "empty"}
    row = draft.add()
    draft.change(row, writes="x")
    assert draft.wrong == {1: "empty"}, "a fresh one is still being filled"
    draft.finish()
    assert draft.wrong == {1: "empty", 2: "empty"}


def test_remove_keeps_track_of_fresh_row() -> None:
    draft = Draft([Replacement("a"), Replacement("b")])
    draft.add()
    draft.remove([0])
    assert [rule.hears for rule in draft.rules] == ["b", ""] and list(draft.tried) == [0]
    draft.change(1, hears="c")
    assert draft.counting == (Replacement("b"),), "it is still fresh"
    draft.remove([1])
    assert not draft.finish() and draft.counting == (Replacement("b"),)


def test_merge_replaces_rules_for_same_words() -> None:
    draft = Draft([Replacement("Git Hub", "x"), Replacement("b")])
    draft.merge([Replacement("git hub", "GitHub"), Replacement("c", "1"), Replacement("C", "2")])
    assert draft.rules == [Replacement("git hub", "GitHub"), Replacement("b"), Replacement("C", "2")]
