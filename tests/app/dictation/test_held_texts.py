"""Tests of the recording that the paste key selects, and of one request at a time."""

from app.dictation.actions import HeldAction
from app.dictation.held_texts import HeldTexts
from app.dictation.insertion_queue import InsertionQueue, SegmentId
from app.dictation.messages import FindFocusedWindow, RecordDismissed
from app.insertion.outcome import Insertion, InsertionResult, Target

WINDOW = Target(1)


def held(*pieces: SegmentId) -> tuple[InsertionQueue, HeldTexts]:
    order = InsertionQueue()
    order.hold_again({piece: f"text {piece.take}" for piece in pieces})
    return order, HeldTexts(order)


def test_key_selects_newest_recording_of_this_run() -> None:
    _, texts = held(SegmentId(0, 0), SegmentId(1, 0), SegmentId(3, 0), SegmentId(3, 1))
    assert (texts.newest, texts.earlier) == (3, 2)
    assert texts.settle_newest(HeldAction.DISMISS) == [RecordDismissed((SegmentId(3, 0), SegmentId(3, 1)))]
    assert (texts.newest, texts.earlier) == (1, 1)
    assert texts.settle_newest(HeldAction.PASTE) == [FindFocusedWindow(1, leaves=False)]


def test_key_ignores_recordings_of_earlier_run() -> None:
    _, texts = held(SegmentId(0, 0), SegmentId(-1, 0))
    assert (texts.newest, texts.earlier) == (None, 2)
    assert all(texts.settle_newest(how) == [] for how in HeldAction)


def test_key_does_not_go_back_to_earlier_recording_after_paste() -> None:
    order, texts = held(SegmentId(1, 0), SegmentId(2, 0))
    texts.settle_newest(HeldAction.PASTE)
    texts.paste_into(2, WINDOW, joins=False, followed=False)
    assert order.next() and order.inserted(Insertion(InsertionResult.PASTED)) == (SegmentId(2, 0),)
    assert (texts.newest, texts.earlier) == (None, 1)
    assert texts.settle(1, HeldAction.PASTE) == [FindFocusedWindow(1, leaves=True)]


def test_paste_from_list_does_not_restrict_key() -> None:
    order, texts = held(SegmentId(1, 0), SegmentId(2, 0))
    texts.settle(2, HeldAction.PASTE)
    texts.paste_into(2, WINDOW, joins=False, followed=False)
    assert order.next() and order.inserted(Insertion(InsertionResult.PASTED))
    assert texts.newest == 1


def test_second_request_is_ignored_until_first_ends() -> None:
    order, texts = held(SegmentId(1, 0), SegmentId(2, 0))
    assert texts.settle(1, HeldAction.PASTE)
    assert texts.settle(2, HeldAction.PASTE) == [], "the first waits for the focused window"
    assert texts.settle(2, HeldAction.COPY) == [] and not order.pasting
    texts.paste_into(1, WINDOW, joins=False, followed=False)
    assert texts.settle(2, HeldAction.PASTE) == [], "the first waits for its turn"
    assert order.next()
    assert texts.settle(2, HeldAction.PASTE) == [], "the first is being inserted"
    order.inserted(Insertion(InsertionResult.HELD))
    assert texts.settle(2, HeldAction.PASTE) == [FindFocusedWindow(2, leaves=True)]


def test_copy_needs_no_target_window() -> None:
    order, texts = held(SegmentId(1, 0))
    assert texts.settle(1, HeldAction.COPY) == []
    ordered = order.next()
    assert ordered is not None and ordered.pasted and ordered.target is None


def test_settle_has_no_effect_without_held_text() -> None:
    _, texts = held()
    assert all(texts.settle(1, how) == [] for how in HeldAction)
