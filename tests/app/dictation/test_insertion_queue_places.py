"""Places in a window where a text does not follow the last one: after a click, and in the cells of a sheet."""

from dataclasses import replace

import pytest

from app.dictation.insertion_queue import InsertionQueue, SegmentId
from app.insertion.outcome import Insertion, InsertionResult, Target
from tests.app.dictation.test_insertion_queue import HELD, TYPED, WINDOW, goes, say

SHEET = Target(3, "libreoffice-calc")


def after_one(target: Target, clicks: int = 0) -> InsertionQueue:
    """Return a queue after the insertion of its first take, with this many clicks."""
    order = InsertionQueue()
    order.begin(1)
    order.set_target(1, target)
    say(order, 1, 0, "one.")
    order.ended(1)
    assert goes(order, replace(TYPED, clicks=clicks)) == "one."
    order.forget(1)
    return order


@pytest.mark.parametrize(("clicked", "text"), [(0, " two"), (4, " two"), (5, "two")])
def test_take_continues_the_last_text_unless_a_click_followed(clicked: int, text: str) -> None:
    order = after_one(WINDOW, clicks=4)
    order.begin(2, joins=True)
    order.set_target(2, replace(WINDOW, clicked=clicked))
    say(order, 2, 0, "two")
    assert goes(order) == text


def test_later_text_of_a_take_continues_it_after_a_click_during_the_first() -> None:
    order = InsertionQueue()
    order.begin(1)
    order.set_target(1, replace(WINDOW, clicked=4))
    say(order, 1, 0, "one")
    assert goes(order, Insertion(InsertionResult.TYPED, clicks=5)) == "one"
    say(order, 1, 1, "two")
    assert goes(order) == " two"


def test_held_text_that_is_asked_for_continues_the_last_text_after_a_click() -> None:
    order = after_one(WINDOW, clicks=4)
    order.begin(2, joins=True)
    order.set_target(2, WINDOW)
    say(order, 2, 0, "two")
    assert goes(order, HELD) == " two"
    assert order.paste(2, replace(WINDOW, clicked=5), joins=True)
    assert goes(order) == " two"


def test_take_for_a_sheet_is_one_insertion_once_it_has_ended() -> None:
    order = InsertionQueue()
    order.begin(1)
    order.set_target(1, SHEET)
    for segment, text in enumerate(("one.", "two.")):
        say(order, 1, segment, text)
        assert order.next() is None
    order.ended(1)
    ready = order.next()
    assert ready is not None and (ready.text, len(ready.pieces)) == ("one. two.", 2)
    assert order.inserted(TYPED) == (SegmentId(1, 0), SegmentId(1, 1))
    assert order.over(1)


def test_take_for_a_sheet_is_inserted_once_the_user_gives_up_its_missing_text() -> None:
    order = InsertionQueue()
    order.begin(1)
    order.set_target(1, SHEET)
    say(order, 1, 0, "one.")
    order.begin(2)
    order.set_target(2, WINDOW)
    say(order, 2, 0, "three.")
    assert order.next() is None
    order.accept()
    assert (goes(order), goes(order)) == ("one.", "three.")
    say(order, 1, 1, "two.")
    assert order.held == {SegmentId(1, 1): "two."}


def test_each_text_for_a_sheet_goes_at_once_hands_free() -> None:
    order = InsertionQueue()
    order.begin(1, each=True)
    for segment, text in enumerate(("one.", "two.")):
        order.set_target(1, SHEET, segment)
        say(order, 1, segment, text)
        assert goes(order) == text


def test_next_take_for_a_sheet_begins_without_a_space() -> None:
    order = after_one(SHEET)
    order.begin(2, joins=True)
    order.set_target(2, SHEET)
    say(order, 2, 0, "two")
    order.ended(2)
    assert goes(order) == "two"


def test_long_take_for_a_sheet_is_one_insertion() -> None:
    order = InsertionQueue()
    order.begin(1)
    order.set_target(1, SHEET)
    for segment in range(150):
        say(order, 1, segment, "word")
    order.ended(1)
    assert goes(order) == " ".join(["word"] * 150)
    assert order.next() is None
