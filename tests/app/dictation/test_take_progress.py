"""Tests of how takes are shown, and for how long."""

from typing import Any

import pytest

from app.core.area import Area
from app.core.errors import Note
from app.core.live_text import TextSpan
from app.core.states import State
from app.core.transcript import TranscriptSegment
from app.dictation.gestures import TalkMode
from app.dictation.held_texts import HeldTexts
from app.dictation.insertion_queue import OFFER_S, InsertionQueue, SegmentId
from app.dictation.messages import Gauges
from app.dictation.take_progress import (
    DONE_S,
    MOST,
    NOTICE_S,
    Notice,
    RunningText,
    Scene,
    TakeProgress,
    idle_at,
    state_of,
    view_of,
)
from app.insertion.outcome import Insertion, InsertionResult, TextPlace
from protocol.session import Partial


def take(number: int = 1, **known: Any) -> TakeProgress:
    progress = TakeProgress(number, TalkMode.TOGGLE)
    for name, value in known.items():
        setattr(progress, name, value)
    return progress


STOPPED: dict[str, Any] = {"recording": False, "sounding_at": 1.0, "stopped_at": 3.0}
OVER: dict[str, Any] = STOPPED | {"ended": True, "over_at": 4.0}


@pytest.mark.parametrize(
    ("known", "unsent_s", "state"),
    [
        ({}, 0.0, State.ARMING),
        ({"sounding_at": 1.0}, 99.0, State.LISTENING),
        (STOPPED, 0.5, State.SENDING),
        (STOPPED, 0.0, State.WAITING),
        (STOPPED | {"ended": True}, 0.0, State.WAITING),
        (OVER, 0.0, State.DONE),
        (OVER | {"failures": 1}, 0.0, State.FAILED),
        (OVER | {"broken": True}, 0.0, State.FAILED),
        (STOPPED | {"cancelled_at": 4.0}, 0.5, State.CANCELLED),
    ],
)
def test_state_of_take_follows_its_progress(known: dict[str, Any], unsent_s: float, state: State) -> None:
    assert state_of(take(**known), InsertionQueue(), unsent_s, 4.5) is state


def scene(
    takes: dict[int, TakeProgress], order: InsertionQueue, notice: Notice | None = None, *, quitting: bool = False
) -> Scene:
    return Scene(takes, order, HeldTexts(order), notice, quitting)


def held() -> InsertionQueue:
    order = InsertionQueue()
    order.begin(1)
    order.set_target(1, None)
    order.result(SegmentId(1, 0), "one", 0.0)
    assert order.next()
    assert state_of(take(**OVER), order, 0.0, 4.5) is State.INSERTING
    order.inserted(Insertion(InsertionResult.HELD))
    return order


def test_held_take_is_shown_longer_than_finished_take() -> None:
    order = held()
    assert state_of(take(**OVER), order, 0.0, 4.5) is State.HELD
    assert idle_at(take(**OVER), order) == 4.0 + NOTICE_S
    assert idle_at(take(**OVER), InsertionQueue()) == 4.0 + DONE_S
    assert state_of(take(**OVER), order, 0.0, 4.0 + NOTICE_S) is State.IDLE


def test_seconds_measure_the_recording_only() -> None:
    assert take().seconds(9.0) == 0.0
    assert take(sounding_at=1.0).seconds(9.0) == 8.0
    assert take(**STOPPED).seconds(9.0) == 2.0


def test_view_shows_most_important_note() -> None:
    order = InsertionQueue()
    for number in (1, 2):
        order.begin(number)
    order.result(SegmentId(2, 0), "two", 0.0)
    takes = {1: take(1, **STOPPED), 2: take(2)}
    gauges = Gauges(note=Note("gateway-away"))
    notice = Notice(Note("cancelled"), 8.0)

    def note(now: float, *, quitting: bool = False) -> str:
        shown = view_of(scene(takes, order, notice, quitting=quitting), gauges, now).note
        assert shown is not None
        return shown.key

    assert note(OFFER_S, quitting=True) == "quitting-sent"
    assert note(OFFER_S) == "insert-ready"
    assert note(7.9) == "cancelled"
    assert note(8.0) == "gateway-away"


@pytest.mark.parametrize("disk", ["disk-waiting", "disk-full"])
def test_quitting_app_says_that_the_recording_is_not_stored(disk: str) -> None:
    shown = view_of(scene({1: take(1)}, InsertionQueue(), quitting=True), Gauges(note=Note(disk)), 9.0)
    assert shown.note == Note("quitting-unsaved")


def test_lost_microphone_is_not_listening_but_changes_no_other_state() -> None:
    def state(shown: TakeProgress) -> State:
        return view_of(scene({1: shown}, InsertionQueue()), Gauges(lost=True), 9.0).state

    assert state(take(sounding_at=1.0)) is State.ARMING
    assert state(take(**STOPPED)) is State.WAITING


def test_view_without_takes_is_idle() -> None:
    view = view_of(scene({}, InsertionQueue()), Gauges(device="desk"), 0.0)
    assert (view.state, view.device, view.note, view.held) == (State.IDLE, "desk", None, 0)


def test_view_has_place_of_text_of_newest_take_only() -> None:
    place = TextPlace(Area(1, 2, 3, 4))
    takes = {1: take(1, **STOPPED), 2: take(2)}
    seen = [
        view_of(scene(takes, InsertionQueue()), Gauges(places={number: place}), 5.0).place for number in (1, 2)
    ]
    assert seen == [None, place]


def test_idle_view_counts_waiting_takes_and_their_unsent_audio() -> None:
    takes = {1: take(1, **STOPPED), 2: take(2, **STOPPED, cancelled_at=-NOTICE_S)}
    view = view_of(scene(takes, held()), Gauges(unsent_s={1: 2.0, 2: 3.0}), 5.0)
    assert (view.state, view.waiting, view.unsent_s, view.held, view.spans) == (State.HELD, 1, 2.0, 1, ())


def segment(number: int, text: str = "", error: str = "") -> TranscriptSegment:
    return TranscriptSegment(number, 0, 900, text=text, error=error)


def read(text: RunningText) -> list[TextSpan]:
    return list(text.spans)


def test_partial_follows_final_text() -> None:
    text = RunningText()
    assert read(text) == []
    text.partial(Partial(0, 1, "one tw", 3))
    assert read(text) == [TextSpan("one", True), TextSpan(" tw", False)]
    text.add_result(segment(0, "one two"))
    assert read(text) == [TextSpan("one two", True)]
    text.partial(Partial(1, 1, " three", 0))
    assert read(text) == [TextSpan("one two", True), TextSpan(" three", False)]


def test_failed_segment_shows_as_mark_in_its_place() -> None:
    text = RunningText()
    text.add_result(segment(0, "one"))
    text.add_result(segment(1, error="it died"))
    text.add_result(segment(2, ""))
    text.add_result(segment(3, "two"))
    assert read(text) == [TextSpan("one ✗ two", True)]


def test_chinese_texts_are_ordered_and_joined_without_spaces() -> None:
    text = RunningText()
    text.add_result(segment(0, "你好"))
    text.add_result(segment(2, "再见"))
    assert "".join(span.text for span in text.spans) == "你好 … 再见"
    text.add_result(segment(1, "朋友"))
    assert read(text) == [TextSpan("你好朋友再见", True)]


def test_running_text_keeps_only_the_end() -> None:
    text = RunningText()
    for number in range(200):
        text.add_result(segment(number, f"word{number}"))
    (span,) = text.spans
    assert len(span.text) == MOST
    assert span.text.endswith("word198 word199")


def test_running_text_is_limited_while_many_texts_wait() -> None:
    """A view is sent to every window twenty times a second, so it must stay small."""
    text = RunningText()
    text.add_result(segment(0, "before"))
    text.partial(Partial(1, 1, "this one never ends", 4))
    for number in range(2, 300):
        text.partial(Partial(number, number, f"word{number}", 0))
        assert text.spans[-1] == TextSpan(f" word{number}", False)
        text.add_result(segment(number, f"word{number}"))
        assert sum(len(span.text) for span in text.spans) <= MOST
    assert text.spans[-1].text.endswith("word299")
    text.add_result(segment(1, "it has ended"))
    assert read(text) == [TextSpan(("it has ended " + " ".join(f"word{n}" for n in range(2, 300)))[-MOST:], True)]
