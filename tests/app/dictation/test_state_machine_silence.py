"""Tests of recordings that the user does not end: forgotten ones, slips of the key, and a locked screen."""

import pytest

from app.core.errors import Note
from app.core.states import State
from app.core.transcript import TranscriptSegment
from app.dictation.actions import Verb
from app.dictation.gestures import TalkMode
from app.dictation.messages import (
    CloseTake,
    DiscardTake,
    Event,
    FirstSample,
    InsertionEnded,
    Locked,
    PlayCue,
    Recognised,
    RecordingOver,
    SoundCue,
    StopRecording,
    TakeEnded,
    TakeLimit,
    TargetFound,
)
from app.dictation.state_machine import Dictation
from app.dictation.take_progress import CANCELLED_SHORT_S, SHORT_S
from app.insertion.outcome import HoldReason, Insertion, InsertionResult
from tests.app.dictation.story import DOWN, TYPED, UP, WINDOW, Story, text


@pytest.mark.parametrize("note", [Note("no-speech", {"minutes": "5"}), Note("too-long")])
def test_limit_ends_recording_but_keeps_its_text(note: Note) -> None:
    story = Story()
    story.at(0.0, Verb.START, TargetFound(1, WINDOW), FirstSample(1))
    assert story.at(400.0, TakeLimit(1, note)) == [PlayCue(SoundCue.STOP), StopRecording(1)]
    assert story.dictation.view(400.0).note == note
    assert story.at(400.1, TakeLimit(1, note)) == []
    assert story.then(RecordingOver(1), text(1, 0, "before")) and story.inserts() == ["before"]


@pytest.mark.parametrize("mode", list(TalkMode))
def test_locked_screen_ends_recording_but_keeps_its_text(mode: TalkMode) -> None:
    story = Story(Dictation(mode))
    story.at(0.0, DOWN, TargetFound(1, WINDOW), FirstSample(1))
    assert story.at(5.0, Locked())[:2] == [PlayCue(SoundCue.STOP), StopRecording(1)]
    assert story.dictation.view(5.0).note == Note("locked")
    assert story.at(5.1, UP, Locked()) == [], "the key and a second report of the lock do nothing"
    held = InsertionEnded(Insertion(InsertionResult.HELD, HoldReason.KEYBOARD_GRABBED))
    story.then(RecordingOver(1), TargetFound(1, WINDOW, 0), text(1, 0, "before"), TakeEnded(1), held)
    assert (story.state(), story.dictation.held_of(1)) == (State.HELD, 1), "the inserter found the lock screen"


def test_locked_screen_without_recording_changes_nothing() -> None:
    story = Story()
    assert story.at(1.0, Locked()) == [] and not story.note


def test_slip_of_the_key_leaves_no_recording() -> None:
    story = Story()
    story.at(0.0, Verb.START, TargetFound(1, WINDOW), FirstSample(1), text(1, 0, " "))
    story.at(0.1, Verb.STOP, RecordingOver(1))
    assert story.then(TakeEnded(1, heard=False)) == [DiscardTake(1)]
    assert (story.state(), story.note) == (State.DONE, "nothing-understood")


@pytest.mark.parametrize(
    ("seconds", "end", "note"),
    [
        (
            SHORT_S,
            TakeEnded(1, heard=False, silent="headset"),
            Note("microphone-silent", {"device": "headset"}),
        ),
        (0.1, TakeEnded(1, heard=False, silent="headset"), Note("nothing-understood")),
        (SHORT_S, TakeEnded(1, heard=False), Note("nothing-understood")),
    ],
)
def test_short_recording_without_any_sound_names_the_microphone_unless_it_is_a_slip_of_the_key(
    seconds: float, end: TakeEnded, note: Note
) -> None:
    story = Story()
    story.at(0.0, Verb.START, TargetFound(1, WINDOW), FirstSample(1), text(1, 0, " "))
    story.at(seconds, Verb.STOP, RecordingOver(1), end)
    assert story.dictation.view(seconds).note == note


def test_recording_that_is_cancelled_at_once_leaves_no_row() -> None:
    story = Story()
    story.at(0.0, Verb.START, TargetFound(1, WINDOW), FirstSample(1))
    story.at(1.5, Verb.CANCEL, RecordingOver(1), text(1, 0, " "))
    assert story.then(TakeEnded(1, heard=False)) == [DiscardTake(1)]
    assert (story.state(), story.note) == (State.CANCELLED, ""), "nothing is kept that a note could name"


def test_end_of_a_discarded_recording_takes_no_other_note_away() -> None:
    story = Story()
    story.at(0.0, Verb.START, TargetFound(1, WINDOW), FirstSample(1))
    story.at(1.0, Verb.CANCEL, RecordingOver(1), Verb.START, TargetFound(2, WINDOW), FirstSample(2), Locked())
    assert DiscardTake(1) in story.then(TakeEnded(1, heard=False))
    assert story.note == "locked"


@pytest.mark.parametrize(
    ("seconds", "events"),
    [
        (0.1, [TakeEnded(1)]),
        (0.1, [text(1, 0, "quiet"), TakeEnded(1, heard=False), TYPED]),
        (0.1, [Recognised(1, TranscriptSegment(0, 0, 1, recognised="um")), TakeEnded(1, heard=False)]),
        (0.1, [text(1, 0, error="no"), TakeEnded(1, heard=False)]),
        (0.1, [TakeEnded(1, Note("recording-kept"), heard=False)]),
        (0.1, [Verb.CANCEL, TakeEnded(1)]),
        (0.1, [Verb.CANCEL, text(1, 0, "quiet"), TakeEnded(1, heard=False)]),
        (CANCELLED_SHORT_S, [Verb.CANCEL, TakeEnded(1, heard=False)]),
        (SHORT_S, [TakeEnded(1, heard=False)]),
    ],
)
def test_recording_that_may_have_speech_is_kept(seconds: float, events: list[Event]) -> None:
    story = Story()
    story.at(0.0, Verb.START, TargetFound(1, WINDOW), FirstSample(1))
    effects = story.at(seconds, Verb.STOP, RecordingOver(1), *events)
    assert CloseTake(1) in effects and DiscardTake(1) not in effects
