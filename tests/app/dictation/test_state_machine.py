"""Tests of single event sequences.

``test_state_machine_model.py`` covers arbitrary interleavings.
"""

import pytest

from app.core.errors import Note
from app.core.states import State
from app.core.transcript import TranscriptSegment
from app.dictation.actions import Verb
from app.dictation.gestures import TalkMode
from app.dictation.insertion_queue import OFFER_S, SegmentId
from app.dictation.messages import (
    CancelTake,
    CloseTake,
    DiscardTake,
    Event,
    FindTarget,
    FirstSample,
    FocusedWindow,
    Gauges,
    HotkeyEvent,
    InsertText,
    Leave,
    PassOnTap,
    PlayCue,
    Polled,
    PollKey,
    PutAside,
    Recognised,
    RecordHeld,
    RecordingOver,
    RecordInserted,
    Renew,
    SegmentBegan,
    SoundCue,
    StartRecording,
    StopRecording,
    TakeEnded,
    TargetFound,
    Tick,
    Woke,
)
from app.dictation.state_machine import MOST_TAKES, Dictation
from app.dictation.take_progress import NOTICE_S
from app.insertion.outcome import Target
from tests.app.dictation.story import DOWN, HELD, TYPED, UP, WINDOW, Story, spoken, text


def test_take_goes_from_key_press_to_inserted_text() -> None:
    story = Story()
    assert story.at(0.0, DOWN, UP) == [StartRecording(1, TalkMode.TOGGLE)]
    assert story.state() is State.ARMING
    assert story.dictation.view(0.0).window is None
    assert story.at(0.1, TargetFound(1, WINDOW), FirstSample(1)) == [PlayCue(SoundCue.START)], (
        "the cue comes after the sample"
    )
    assert story.state() is State.LISTENING
    assert story.dictation.view(0.1).window == (10, 20, 40, 40)
    assert story.then(FirstSample(1)) == []
    story.at(1.1, text(1, 0, "one"))
    assert story.inserts() == ["one"]
    assert story.state() is State.LISTENING, "a recording is more important than any other state"
    assert story.then(TYPED) == [RecordInserted((SegmentId(1, 0),))]
    assert story.at(2.1, DOWN, UP) == [PlayCue(SoundCue.STOP), StopRecording(1)]
    assert story.dictation.view(5.0).seconds == 2.0
    assert story.dictation.view(5.0, Gauges(unsent_s={1: 0.5})).state is State.SENDING
    assert story.state() is State.WAITING
    story.then(text(1, 1, "two"))
    assert story.state() is State.INSERTING
    assert story.then(TakeEnded(1)) == []
    assert story.then(TYPED) == [RecordInserted((SegmentId(1, 1),)), CloseTake(1)]
    assert story.state() is State.DONE
    due = story.dictation.due(story.now)
    assert due is not None
    story.at(due, Tick())
    assert story.state() is State.IDLE
    assert story.dictation.due(due) is None


def test_new_mode_applies_from_next_key_press() -> None:
    story = Story()
    story.dictation.gestures.mode = TalkMode.HOLD
    assert story.at(0.0, DOWN) == [StartRecording(1, TalkMode.HOLD)]
    story.at(1.0, FirstSample(1))
    assert StopRecording(1) in story.at(2.0, UP), "in the previous mode a release ended nothing"


def test_hold_mode_inserts_no_text_while_key_is_down() -> None:
    story = Story(Dictation(TalkMode.HOLD))
    story.at(0.0, DOWN, TargetFound(1, WINDOW), text(1, 0, "one"))
    assert story.inserts() == []
    story.at(1.0, DOWN)
    assert story.effects == [PollKey("dictate", needed=True)], "auto-repeat has no effect; the poll is due"
    story.then(UP)
    assert story.inserts() == ["one"]
    assert StopRecording(1) in story.effects


def test_hold_mode_discards_take_on_tap_or_chord() -> None:
    story = Story(Dictation(TalkMode.HOLD))
    assert story.at(0.0, DOWN) == [StartRecording(1, TalkMode.HOLD)]
    assert story.at(0.2, UP) == [DiscardTake(1), PassOnTap("dictate")]
    assert story.then(text(1, 0, "noise"), TakeEnded(1)) == []
    assert story.state() is State.IDLE
    assert story.at(1.0, DOWN) == [StartRecording(2, TalkMode.HOLD)]
    assert story.at(1.1, HotkeyEvent("dictate", False, chord=True)) == [DiscardTake(2)], (
        "the focused program got the key combination"
    )


def test_recording_learns_how_long_ago_its_key_was_released() -> None:
    story = Story(Dictation(TalkMode.HOLD))
    story.at(1.0, DOWN)
    effects = story.at(3.0, HotkeyEvent("dictate", False, at_s=2.5))
    assert [effect.late_s for effect in effects if isinstance(effect, StopRecording)] == [0.5]


def test_tap_that_is_handled_late_still_toggles() -> None:
    story = Story(Dictation(TalkMode.HYBRID))
    story.at(1.0, HotkeyEvent("dictate", True, at_s=1.0))
    assert StopRecording(1) not in story.at(2.0, HotkeyEvent("dictate", False, at_s=1.2))
    assert story.dictation.recording == 1


def test_take_ends_by_polling_when_key_release_is_lost() -> None:
    story = Story(Dictation(TalkMode.HOLD))
    story.at(0.0, DOWN, FirstSample(1))
    assert story.dictation.due(0.0) == 0.25
    assert story.at(1.0, Tick()) == [PollKey("dictate", needed=True)]
    assert story.then(Polled("dictate", True)) == []
    assert story.at(1.25, Tick(), Polled("dictate", False)) == [PollKey("dictate", needed=True)]
    assert story.at(1.5, Tick(), Polled("dictate", False)) == [
        PollKey("dictate", needed=True),
        PlayCue(SoundCue.STOP),
        StopRecording(1),
    ]
    assert story.then(UP) == []


def test_waiting_text_is_offered_ten_seconds_after_it_arrived() -> None:
    story = Story()
    story.at(0.0, *spoken(1), *spoken(2))
    story.at(1.0, text(2, 0, "two"))
    assert story.dictation.due(1.0) == 1.0 + OFFER_S
    story.then(DOWN)
    assert story.dictation.due(1.0) == 1.25, "whether the key is down is asked earlier"


def test_overlapping_takes_keep_order_and_are_counted_as_waiting() -> None:
    story = Story()
    story.at(0.0, *spoken(1), *spoken(2), *spoken(3))
    assert story.dictation.view(0.0).waiting == 2
    story.then(text(2, 0, "two"), TakeEnded(2), text(3, 0, "three"), TakeEnded(3))
    assert story.inserts() == []
    assert story.state() is State.WAITING
    story.at(10.0, Tick())
    assert story.note == "insert-ready"
    assert story.then(Verb.INSERT_READY)[0] != Leave()
    assert story.inserts() == ["two"]
    story.then(TYPED)
    assert story.inserts() == [" three"]
    story.then(TYPED, text(1, 0, "one"), TakeEnded(1))
    assert RecordHeld((SegmentId(1, 0),)) in story.effects and CloseTake(1) in story.effects
    assert story.dictation.view(10.0).held == 1


def test_cancelled_take_is_recognised_but_not_inserted() -> None:
    story = Story()
    story.at(0.0, Verb.START, TargetFound(1, WINDOW), FirstSample(1), text(1, 0, "one"), text(1, 1, "two"))
    assert story.then(HotkeyEvent("cancel", True)) == [PlayCue(SoundCue.STOP), StopRecording(1), CancelTake(1)]
    assert (story.state(), story.note) == (State.CANCELLED, "cancelled")
    story.then(HotkeyEvent("cancel", False), TYPED, text(1, 2, "three"))
    assert story.inserts() == []
    assert story.then(TakeEnded(1)) == [CloseTake(1)]
    assert story.then(Verb.CANCEL) == []


def test_hands_free_requests_target_of_every_segment() -> None:
    story = Story(Dictation(TalkMode.HANDS_FREE))
    story.at(0.0, DOWN, UP, TargetFound(1, WINDOW))
    assert story.then(SegmentBegan(1, 0)) == [FindTarget(1, 0)]
    story.then(text(1, 0, "one"))
    assert story.inserts() == []
    story.then(TargetFound(1, Target(5), 0))
    assert [effect.texts.target for effect in story.effects if isinstance(effect, InsertText)] == [Target(5)]


@pytest.mark.parametrize("fails", [True, False])
def test_take_without_text_explains_why(fails: bool) -> None:
    story = Story()
    story.at(0.0, Verb.START)
    note = Note("microphone-failed", {"reason": "none"}) if fails else None
    assert story.then(RecordingOver(1), TakeEnded(1, note)) == [CloseTake(1)]
    assert story.state() is (State.FAILED if fails else State.DONE)
    assert story.note == ("microphone-failed" if fails else "nothing-understood")
    assert story.then(Verb.START) == [StartRecording(2, TalkMode.TOGGLE)]


def test_note_explains_take_emptied_by_replacements() -> None:
    story = Story()
    nothing = Recognised(1, TranscriptSegment(0, 0, 1, recognised="um"))
    effects = story.at(0.0, *spoken(), nothing, text(1, 1), TakeEnded(1))
    assert CloseTake(1) in effects and story.inserts() == []
    assert (story.state(), story.note) == (State.DONE, "nothing-left")


def test_failed_segment_is_skipped_and_marked() -> None:
    story = Story()
    story.at(0.0, *spoken(), text(1, 0, error="it died"), text(1, 1, "two"), TYPED, TakeEnded(1))
    assert story.state() is State.FAILED
    assert "".join(span.text for span in story.dictation.view(0.0).spans) == "✗ two"
    assert story.note == ""


def test_note_says_that_the_model_does_not_know_the_language() -> None:
    story = Story()
    failed = TranscriptSegment(0, 0, 1, error="no (unsupported)")
    story.at(0.0, *spoken(), Recognised(1, failed), TakeEnded(1))
    assert (story.state(), story.note) == (State.FAILED, "language-unknown")


def test_results_after_end_of_take_are_ignored() -> None:
    story = Story()
    story.at(0.0, *spoken(), text(1, 0, "one"), TakeEnded(1), TYPED)
    assert story.then(text(1, 1, error="it died"), text(1, 2, "three")) == []
    assert story.state() is State.DONE
    assert "".join(span.text for span in story.dictation.view(0.0).spans) == "one"


def test_quit_waits_for_pending_take_and_second_quit_leaves_at_once() -> None:
    story = Story()
    story.at(0.0, Verb.START, TargetFound(1, WINDOW), FirstSample(1), text(1, 0, "one"))
    assert story.then(Verb.QUIT) == [PlayCue(SoundCue.STOP), StopRecording(1)]
    note = story.dictation.view(0.0, Gauges(unsent_s={1: 2.4})).note
    assert note == Note("quitting", {"seconds": "2", "takes": "1"})
    note = story.dictation.view(0.0, Gauges(unsent_s={1: 0.4})).note
    assert note == Note("quitting-sent"), "it does not send the last 0 s"
    assert story.then(Verb.START) == []
    assert Leave() not in story.then(TakeEnded(1))
    assert story.then(TYPED) == [RecordInserted((SegmentId(1, 0),)), CloseTake(1), Leave()]
    again = Story()
    again.at(0.0, Verb.START, Verb.QUIT)
    assert again.then(Verb.QUIT) == [Leave()]
    assert again.then(TakeEnded(1)) == [CloseTake(1)]
    assert Story().then(Verb.QUIT) == [Leave()]


def test_show_while_quitting_keeps_app_running() -> None:
    story = Story()
    story.at(0.0, Verb.START, TargetFound(1, WINDOW), FirstSample(1), text(1, 0, "one"), Verb.QUIT, Verb.SHOW)
    assert Leave() not in story.then(TakeEnded(1), TYPED)
    story.at(1.0, Verb.START)
    assert story.dictation.recording == 2


@pytest.mark.parametrize(
    ("first", "second", "after_s", "joins", "arrives"),
    [
        ("One.", "Two.", 29.0, True, " Two."),
        ("One.", "Two.", 31.0, True, "Two."),
        ("One.", "Two.", 1.0, False, "Two."),
        ("一。", "二。", 1.0, True, "二。"),
    ],
)
def test_take_continues_recent_text_within_half_a_minute(
    first: str, second: str, after_s: float, joins: bool, arrives: str
) -> None:
    story = Story()
    story.dictation.joins = joins
    story.at(0.0, *spoken(), text(1, 0, first), TakeEnded(1), TYPED)
    story.at(after_s, *spoken(2), text(2, 0, second), TakeEnded(2))
    assert story.inserts()[-1] == arrives


def test_half_a_minute_is_measured_from_the_last_insertion() -> None:
    story = Story()
    story.at(100.0, *spoken(), text(1, 0, "One."), TakeEnded(1), TYPED)
    story.at(129.0, *spoken(2), text(2, 0, "Two."), TakeEnded(2), TYPED)
    story.at(158.0, *spoken(3), text(3, 0, "Three."), TakeEnded(3), TYPED)
    assert story.inserts() == [" Three."]
    story.at(189.0, *spoken(4), text(4, 0, "Four."))
    assert story.inserts() == ["Four."]


def test_take_in_other_window_does_not_continue_recent_text() -> None:
    story = Story()
    assert story.dictation.joins, "unless the settings say otherwise"
    story.at(0.0, *spoken(), text(1, 0, "One."), TakeEnded(1), TYPED)
    story.at(
        1.0, Verb.START, TargetFound(2, Target(99)), FirstSample(2), Verb.STOP, text(2, 0, "Two."), TakeEnded(2)
    )
    assert story.inserts()[-1] == "Two."


def test_cancel_applies_to_newest_take() -> None:
    story = Story()
    story.at(0.0, *spoken(1), *spoken(2))
    assert story.then(Verb.CANCEL) == [CancelTake(2)]
    story.then(text(2, 0, "two"), TakeEnded(2), text(1, 0, "one"))
    assert story.inserts() == ["one"]


def test_broken_recording_shows_reason_and_inserts_its_text() -> None:
    story = Story()
    story.at(0.0, Verb.START, TargetFound(1, WINDOW), FirstSample(1), RecordingOver(1, Note("slept")))
    assert story.note == "slept"
    story.then(text(1, 0, "one"))
    assert story.inserts() == ["one"]


def test_verbs_without_effect_are_ignored() -> None:
    story = Story()
    assert story.then(Verb.STOP, Verb.CANCEL, Verb.PASTE_HELD, Verb.INSERT_READY, Tick()) == []
    assert story.then(Verb.START, Verb.START) == [StartRecording(1, TalkMode.TOGGLE)]
    assert story.then(TYPED, HotkeyEvent("unknown", True), Polled("dictate", False)) == []


def test_oldest_take_is_put_aside_when_too_many_wait() -> None:
    story = Story()
    for take in range(1, MOST_TAKES + 1):
        story.then(*spoken(take))
    assert story.then(Verb.START) == [PutAside(1), CloseTake(1), StartRecording(MOST_TAKES + 1, TalkMode.TOGGLE)]
    assert story.dictation.pending == MOST_TAKES


def test_view_shows_newest_take_with_gauges() -> None:
    story = Story()
    story.at(0.0, *spoken(), Verb.START, FirstSample(2))
    gauges = Gauges(-12.0, "desk", "desktop-gpu", {1: 1.5, 2: 0.5}, Note("gateway-away"))
    view = story.dictation.view(3.0, gauges)
    assert (view.state, view.seconds, view.level_dbfs) == (State.LISTENING, 3.0, -12.0)
    assert (view.unsent_s, view.device, view.destination, view.waiting) == (2.0, "desk", "desktop-gpu", 1)
    assert view.note == Note("gateway-away")


def test_sleep_ends_recording_but_keeps_its_text() -> None:
    story = Story()
    story.at(0.0, Verb.START, TargetFound(1, WINDOW), FirstSample(1))
    assert story.at(5.0, Woke()) == [PlayCue(SoundCue.STOP), StopRecording(1), Renew()]
    assert story.note == "slept"
    assert story.dictation.due(5.0) == 5.0 + NOTICE_S, "the note expires by itself"
    assert story.then(RecordingOver(1), text(1, 0, "before")) and story.inserts() == ["before"]
    story.then(TYPED, TakeEnded(1))
    assert story.at(60.0, Woke()) == [Renew()] and not story.note


def test_key_release_after_sleep_has_no_effect() -> None:
    story = Story(Dictation(TalkMode.HOLD))
    story.at(0.0, DOWN, TargetFound(1, WINDOW), FirstSample(1))
    story.at(5.0, Woke())
    story.at(5.1, UP)
    assert not any(
        isinstance(effect, StartRecording | StopRecording | DiscardTake | PassOnTap) for effect in story.effects
    )


def test_quit_waits_for_insertion_in_progress() -> None:
    """A paste, and a text cancelled while it is inserted, belong to no pending take."""
    story = Story()
    story.at(0.0, *spoken(), text(1, 0, "one"), TakeEnded(1), HELD, Verb.PASTE_HELD, FocusedWindow(1, WINDOW))
    assert story.inserts() == ["one", "one"], "typed nowhere, then pasted"
    assert story.then(Verb.QUIT) == []
    assert story.then(TYPED) == [RecordInserted((SegmentId(1, 0),)), Leave()]
    story = Story()
    story.at(0.0, *spoken(), text(1, 0, "one"), Verb.CANCEL)
    assert story.then(Verb.QUIT, TakeEnded(1)) == [], "it is being inserted still"
    assert story.then(TYPED)[-2:] == [CloseTake(1), Leave()]


def test_waiting_for_takes_so_far_ignores_later_ones() -> None:
    story = Story()
    story.at(0.0, *spoken(1), *spoken(2), TakeEnded(1))
    assert not story.dictation.waits_for(1)
    assert story.dictation.waits_for(2)
    story.then(TakeEnded(2))
    assert not story.dictation.waits_for(2)


@pytest.mark.parametrize(
    "ends", [(Verb.STOP, RecordingOver(1)), (RecordingOver(1), TakeEnded(1)), (Verb.STOP, TakeEnded(1))]
)
def test_stop_cue_is_played_once(ends: tuple[Event, ...]) -> None:
    story = Story()
    story.at(0.0, Verb.START, TargetFound(1, WINDOW), FirstSample(1), text(1, 0, "one"), TYPED)
    effects = story.then(*ends, RecordingOver(1), TakeEnded(1))
    assert effects.count(PlayCue(SoundCue.STOP)) == 1


def test_cues_are_skipped_without_samples_and_length_ends_at_stop() -> None:
    story = Story()
    story.at(0.0, Verb.START, TargetFound(1, WINDOW))
    assert PlayCue(SoundCue.STOP) not in story.then(Verb.STOP, RecordingOver(1), TakeEnded(1))
    assert PlayCue(SoundCue.START) not in story.then(Verb.START, Verb.STOP, FirstSample(2)), "it comes too late"
    story.at(1.0, Verb.START, FirstSample(3))
    story.at(3.0, Verb.STOP)
    story.at(9.0, RecordingOver(3))
    assert story.dictation.view(9.0).seconds == 2.0, "not the later end of its samples"
