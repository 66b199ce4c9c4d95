"""Tests of held texts: effects of the key and the list, and the space before pasted text."""

from dataclasses import replace

import pytest

from app.core.errors import Note
from app.core.states import State
from app.dictation.actions import HeldAction, Verb
from app.dictation.insertion_queue import MOST_HELD, ReadyTexts, SegmentId
from app.dictation.messages import (
    CloseTake,
    Event,
    FindFocusedWindow,
    FirstSample,
    FocusedWindow,
    Gauges,
    HeldBefore,
    HotkeyEvent,
    InsertionEnded,
    InsertText,
    PlayCue,
    RecordDismissed,
    RecordHeld,
    RecordInserted,
    SettleTake,
    SoundCue,
    TakeEnded,
    TargetFound,
    Tick,
)
from app.insertion.outcome import Insertion, InsertionResult, Target
from tests.app.dictation.story import HELD, TYPED, WINDOW, Story, spoken, text


def test_held_text_is_pasted_into_focused_window() -> None:
    story = Story()
    story.at(0.0, *spoken(), text(1, 0, "one"), TakeEnded(1), HELD)
    assert [type(effect) for effect in story.effects][-3:] == [RecordHeld, PlayCue, CloseTake]
    assert story.state() is State.HELD
    assert story.note == "focus-moved"
    assert story.at(1.0, HotkeyEvent("paste-held", True)) == [FindFocusedWindow(1)]
    assert story.then(FocusedWindow(1, Target(2))) == [], "not while the key is down"
    story.then(HotkeyEvent("paste-held", False))
    assert story.inserts() == ["one"]
    assert story.then(TYPED) == [RecordInserted((SegmentId(1, 0),))]
    assert story.then(Verb.PASTE_HELD) == []
    assert (story.state(), story.note) == (State.DONE, ""), "the reason disappears with its text"


def test_texts_held_together_are_noted_together_with_one_cue() -> None:
    story = Story()
    story.at(0.0, *spoken(), text(1, 0, "one"), text(1, 1, "two"))
    assert story.then(HELD) == [RecordHeld((SegmentId(1, 0), SegmentId(1, 1))), PlayCue(SoundCue.HELD)]


def test_copied_text_is_no_longer_held() -> None:
    story = Story()
    story.at(0.0, *spoken(), text(1, 0, "one"), TakeEnded(1), HELD)
    story.at(1.0, Verb.PASTE_HELD, FocusedWindow(1, None))
    assert story.then(InsertionEnded(Insertion(InsertionResult.COPIED))) == [RecordInserted((SegmentId(1, 0),))]
    assert story.note == "copied" and story.dictation.view(1.0).held == 0


def test_dismissed_text_is_no_longer_offered_and_later_text_is_inserted() -> None:
    story = Story()
    story.at(0.0, *spoken(), text(1, 0, "one"), HELD)
    assert story.then(Verb.DISMISS_HELD) == [RecordDismissed((SegmentId(1, 0),))]
    assert (story.dictation.view(0.0).held, story.note) == (0, "")
    assert story.then(Verb.DISMISS_HELD) == story.then(Verb.PASTE_HELD) == []
    story.then(text(1, 1, "two"))
    assert story.inserts()[-1].strip() == "two"


def test_dismissal_does_not_affect_text_being_pasted() -> None:
    story = Story()
    story.at(0.0, *spoken(), text(1, 0, "one"), TakeEnded(1), HELD)
    story.at(1.0, Verb.PASTE_HELD, FocusedWindow(1, Target(2)))
    assert story.then(Verb.DISMISS_HELD) == []
    assert story.then(TYPED) == [RecordInserted((SegmentId(1, 0),))]


def test_held_text_of_earlier_run_is_pasted_from_list_but_not_by_key() -> None:
    story = Story()
    before = {SegmentId(-1, 2): "one", SegmentId(0, 0): "two", SegmentId(0, 4): "three"}
    story.at(0.0, HeldBefore(before))
    assert (story.state(), story.dictation.view(0.0).held, story.dictation.view(0.0).earlier) == (State.HELD, 0, 2)
    assert story.then(Verb.PASTE_HELD, Verb.DISMISS_HELD, Verb.COPY_HELD) == []
    assert story.dictation.view(0.0).note == Note("held-earlier", {"count": "2"})
    story.at(1.0, *spoken(), text(1, 0, "four"), TakeEnded(1), TYPED)
    assert story.inserts() == ["four"]
    assert (story.state(), story.dictation.view(1.0).earlier) == (State.DONE, 2)
    assert story.at(9.0, SettleTake(0, HeldAction.PASTE)) == [FindFocusedWindow(0, leaves=True)]
    story.then(FocusedWindow(0, Target(2)))
    assert story.inserts() == ["two three"]
    assert story.then(HELD) == [] and story.dictation.view(9.0).earlier == 2
    story.at(10.0, SettleTake(0, HeldAction.PASTE), FocusedWindow(0, Target(2)))
    assert story.then(TYPED) == [RecordInserted((SegmentId(0, 0), SegmentId(0, 4)))]
    assert story.then(HeldBefore(before)) == [] and story.dictation.view(10.0).earlier == 1
    assert story.then(SettleTake(-1, HeldAction.DISMISS)) == [RecordDismissed((SegmentId(-1, 2),))]
    assert (story.state(), story.dictation.view(10.0).earlier) == (State.IDLE, 0)


def test_note_about_earlier_texts_counts_those_that_are_still_held() -> None:
    story = Story()
    story.at(0.0, HeldBefore({SegmentId(-1, 0): "one", SegmentId(0, 0): "two"}), Verb.PASTE_HELD)
    story.then(SettleTake(-1, HeldAction.DISMISS))
    assert story.dictation.view(0.0).note == Note("held-earlier", {"count": "1"})
    story.then(SettleTake(0, HeldAction.PASTE), FocusedWindow(0, WINDOW), TYPED)
    assert (story.state(), story.note) == (State.IDLE, "")


def test_note_that_is_made_again_expires_later() -> None:
    story = Story()
    story.at(0.0, HeldBefore({SegmentId(0, 0): "one"}), Verb.PASTE_HELD)
    first = story.dictation.view(0.0)
    story.at(5.0, Verb.PASTE_HELD)
    again = story.dictation.view(5.0)
    assert again.note == first.note and again.note_until == first.note_until + 5.0


def test_reason_is_named_as_long_as_the_text_is_held() -> None:
    story = Story()
    story.at(0.0, *spoken(), text(1, 0, "one"), TakeEnded(1), HELD)
    away = Gauges(note=Note("gateway-away"))
    assert story.dictation.view(1.0, away).note == story.dictation.view(100.0).note == Note("focus-moved")
    assert story.dictation.view(100.0, away).note == Note("gateway-away"), "the reason has been read by then"
    story.at(101.0, Verb.DISMISS_HELD)
    assert story.note == ""


def two_held() -> Story:
    """Set up two held recordings of this run and one of an earlier run."""
    story = Story()
    story.at(0.0, HeldBefore({SegmentId(0, 0): "zero"}))
    story.at(0.0, *spoken(1), text(1, 0, "one"), TakeEnded(1), HELD)
    story.at(1.0, *spoken(2), text(2, 0, "two."), text(2, 1, "Three."), HELD, TakeEnded(2))
    story.at(20.0, Tick())
    assert (story.dictation.view(20.0).held, story.dictation.view(20.0).earlier) == (1, 2), "recordings"
    return story


def test_paste_key_pastes_newest_recording_as_one_but_no_earlier_one() -> None:
    story = two_held()
    assert story.at(20.0, Verb.PASTE_HELD, Verb.PASTE_HELD, Verb.PASTE_HELD) == [FindFocusedWindow(2)], (
        "one press is enough"
    )
    story.then(FocusedWindow(2, WINDOW), Verb.PASTE_HELD)
    assert story.inserts() == ["two. Three."]
    assert story.then(TYPED) == [RecordInserted((SegmentId(2, 0), SegmentId(2, 1)))]
    assert (story.dictation.view(20.0).held, story.dictation.view(20.0).earlier) == (0, 2)
    assert story.then(Verb.PASTE_HELD, Verb.DISMISS_HELD) == [], "earlier recordings are settled in the list only"
    assert story.state() is State.HELD
    assert story.then(SettleTake(1, HeldAction.PASTE)) == [FindFocusedWindow(1, leaves=True)]


@pytest.mark.parametrize("settled", [(Verb.PASTE_HELD, FocusedWindow(3, WINDOW), TYPED), (Verb.DISMISS_HELD,)])
def test_reason_disappears_with_its_text_while_other_recordings_stay_held(settled: tuple[Event, ...]) -> None:
    story = two_held()
    story.at(40.0, *spoken(3), text(3, 0, "four"), TakeEnded(3), HELD)
    assert story.note == "focus-moved"
    story.then(*settled)
    assert (story.state(), story.note) == (State.DONE, ""), "the others stay held, without a second note"
    story.then(SettleTake(1, HeldAction.PASTE), FocusedWindow(1, WINDOW), HELD)
    assert story.note == "focus-moved", "a text that is still held keeps its reason"


def test_paste_key_skips_later_recording_that_was_inserted() -> None:
    story = Story()
    story.at(0.0, *spoken(1), text(1, 0, "one"), TakeEnded(1), HELD)
    story.at(40.0, *spoken(2), text(2, 0, "two"), TakeEnded(2), TYPED)
    assert story.then(Verb.PASTE_HELD) == [FindFocusedWindow(1)]


def test_paste_key_retries_paste_that_failed() -> None:
    story = two_held()
    story.then(Verb.PASTE_HELD, FocusedWindow(2, WINDOW), HELD)
    assert story.dictation.held_of(2) == 2
    assert story.then(Verb.PASTE_HELD) == [FindFocusedWindow(2)]


def test_paste_is_unaffected_by_recording_that_begins_meanwhile() -> None:
    story = two_held()
    story.then(Verb.PASTE_HELD, *spoken(3), text(3, 0, "four"))
    story.then(FocusedWindow(2, WINDOW))
    assert story.inserts() == [], "one insertion at a time"
    story.then(HELD)
    assert story.inserts() == ["two. Three."] and story.dictation.view(20.0).held == 1
    assert story.then(TYPED)[0] == RecordInserted((SegmentId(2, 0), SegmentId(2, 1)))
    assert story.then(TakeEnded(3), Verb.PASTE_HELD)[-1] == FindFocusedWindow(3)


def test_copy_and_dismiss_apply_to_newest_recording() -> None:
    story = two_held()
    story.then(Verb.COPY_HELD)
    assert [effect.texts for effect in story.effects if isinstance(effect, InsertText)] == [
        ReadyTexts((SegmentId(2, 0), SegmentId(2, 1)), ("two.", " Three."), "two. Three.", None, pasted=True)
    ]
    story.then(InsertionEnded(Insertion(InsertionResult.COPIED)))
    view = story.dictation.view(20.0)
    assert (view.held, view.earlier) == (1, 1), "without a paste, the key may go on to the previous recording"
    assert story.then(Verb.DISMISS_HELD) == [RecordDismissed((SegmentId(1, 0),))]


@pytest.mark.parametrize(
    ("first", "held", "after_s", "joins", "arrives"),
    [
        ("riverbank.", "Good morning", 29.0, True, " Good morning"),
        ("riverbank.", "Good morning", 31.0, True, "Good morning"),
        ("riverbank.", "Good morning", 1.0, False, "Good morning"),
        ("河边。", "早上好", 1.0, True, "早上好"),
    ],
)
def test_pasted_text_continues_recent_insertion_in_same_window(
    first: str, held: str, after_s: float, joins: bool, arrives: str
) -> None:
    story = Story()
    story.dictation.joins = joins
    story.at(0.0, *spoken(), text(1, 0, first), TakeEnded(1), TYPED)
    story.at(
        0.5,
        Verb.START,
        TargetFound(2, Target(99)),
        FirstSample(2),
        Verb.STOP,
        text(2, 0, held),
        TakeEnded(2),
        HELD,
    )
    story.at(after_s, Verb.PASTE_HELD, FocusedWindow(2, WINDOW))
    assert story.inserts() == [arrives]


@pytest.mark.parametrize(("joins", "arrives"), [(True, " Good morning"), (False, "Good morning")])
def test_text_continues_paste_made_while_it_was_spoken(joins: bool, arrives: str) -> None:
    story = Story()
    story.dictation.joins = joins
    story.at(0.0, *spoken(), text(1, 0, "riverbank."), TakeEnded(1), HELD)
    story.at(
        40.0, Verb.START, TargetFound(2, WINDOW), FirstSample(2), Verb.PASTE_HELD, FocusedWindow(1, WINDOW), TYPED
    )
    story.then(Verb.STOP, text(2, 0, "Good morning"))
    assert story.inserts() == [arrives]
    story = Story()
    story.dictation.joins = joins
    story.at(
        0.0,
        *spoken(),
        text(1, 0, "riverbank."),
        TakeEnded(1),
        HELD,
        Verb.PASTE_HELD,
        FocusedWindow(1, WINDOW),
        TYPED,
    )
    story.at(5.0, *spoken(2), text(2, 0, "Good morning"))
    assert story.inserts() == [arrives]


def test_held_texts_of_each_take_are_counted() -> None:
    story = Story()
    story.at(0.0, *spoken(), text(1, 0, "one"), TakeEnded(1), HELD, Verb.START)
    assert (story.dictation.held_of(1), story.dictation.held_of(2)) == (1, 0)
    story.then(FirstSample(2), Verb.CANCEL)
    assert [story.dictation.held_of(take) for take in (1, 2, 3)] == [1, 0, 0]


def test_foreign_text_is_held_with_the_reason_and_never_inserted() -> None:
    story = Story()
    foreign = replace(text(1, 0, "어떤"), foreign=True)
    story.at(0.0, *spoken(), foreign, text(1, 1, "two"))
    assert story.inserts() == ["two"]
    assert RecordHeld((SegmentId(1, 0),)) in story.effects and PlayCue(SoundCue.HELD) in story.effects
    assert (story.note, story.dictation.view(0.0).held) == ("foreign-script", 1)
    story.then(TYPED, TakeEnded(1))
    assert (story.state(), story.dictation.view(0.0).held) == (State.HELD, 1)
    story.then(Verb.PASTE_HELD, FocusedWindow(1, WINDOW))
    assert [text.strip() for text in story.inserts()] == ["어떤"], "once the user asks for it"


def test_failed_segment_is_not_held_as_foreign() -> None:
    story = Story()
    story.at(0.0, *spoken(), replace(text(1, 0, error="lost"), foreign=True), text(1, 1, "two"))
    assert story.inserts() == ["two"] and not story.dictation.view(0.0).held


def test_each_held_text_that_is_let_go_is_reported() -> None:
    story = Story()
    story.at(0.0, HeldBefore({SegmentId(0, 0): "x" * MOST_HELD}))
    assert story.note == ""
    for count in ("1", "2"):
        story.then(HeldBefore({SegmentId(-int(count), 0): "before"}))
        shown = story.dictation.view(0.0).note
        assert shown == Note("held-let-go", {"count": count})
