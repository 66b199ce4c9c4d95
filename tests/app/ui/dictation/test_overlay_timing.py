"""The overlay shows a take while it goes on, and its outcome for some seconds."""

from dataclasses import replace
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Note
from app.core.states import State
from app.dictation.view import View
from app.ui.dictation.overlay import NOTE_S, STAYS_S, OverlayTiming, stays_s

IDLE, LISTENING, DONE = View(), View(State.LISTENING), View(State.DONE)
CANCELLED = View(note=Note("cancelled"))


def test_overlay_shows_nothing_when_app_is_idle() -> None:
    assert OverlayTiming().see(IDLE, 0.0) is None


@pytest.mark.parametrize("state", [state for state in State if state is not State.IDLE and state not in STAYS_S])
def test_take_is_shown_while_it_is_recorded(state: State) -> None:
    timing = OverlayTiming()
    assert timing.see(View(state), 0.0) == View(state)
    assert timing.until == inf
    assert timing.at(1e9) == View(state)


@pytest.mark.parametrize("state", list(STAYS_S))
def test_outcome_keeps_display_time_when_repeated(state: State) -> None:
    timing = OverlayTiming()
    timing.see(LISTENING, 0.0)
    timing.see(View(state), 10.0)
    assert timing.see(View(state, held=1), 10.0 + STAYS_S[state] - 0.1) == View(state, held=1)
    assert timing.see(View(state), 10.0 + STAYS_S[state]) is None


def test_outcome_that_needs_attention_stays_longer() -> None:
    assert STAYS_S[State.DONE] == 1.5
    assert STAYS_S[State.DONE] < STAYS_S[State.HELD] <= STAYS_S[State.FAILED]


def test_outcome_stays_when_app_becomes_idle() -> None:
    timing = OverlayTiming()
    timing.see(LISTENING, 0.0)
    timing.see(DONE, 1.0)
    assert timing.see(IDLE, 1.1) == DONE
    assert timing.at(2.6) is None


def test_take_without_outcome_disappears_at_once() -> None:
    timing = OverlayTiming()
    timing.see(LISTENING, 0.0)
    assert timing.see(IDLE, 1.0) is None


def test_next_take_replaces_outcome_at_once() -> None:
    timing = OverlayTiming()
    timing.see(DONE, 0.0)
    assert timing.see(LISTENING, 0.1) == LISTENING
    assert timing.at(100.0) == LISTENING


def test_note_is_shown_once_for_limited_time() -> None:
    timing = OverlayTiming()
    timing.see(LISTENING, 0.0)
    assert timing.see(CANCELLED, 1.0) == CANCELLED
    assert timing.see(CANCELLED, 1.0 + NOTE_S) is None
    assert timing.see(CANCELLED, 100.0) is None


@given(st.lists(st.tuples(st.sampled_from(State), st.floats(0, 3)), max_size=30))
def test_overlay_always_shows_running_take_and_hides_when_idle(
    steps: list[tuple[State, float]],
) -> None:
    timing, now = OverlayTiming(), 0.0
    for state, passed in steps:
        now += passed
        shown = timing.see(View(state), now)
        if stays_s(View(state)) == inf:
            assert shown == View(state)
    timing.see(IDLE, now)
    assert timing.at(now + max(STAYS_S.values())) is None


def test_earlier_held_text_is_not_shown_after_each_recording() -> None:
    timing = OverlayTiming()
    waits = View(State.HELD, held=1, note=Note("focus-moved"))
    assert timing.see(waits, 0.0) == waits
    assert timing.see(View(State.HELD, held=1), STAYS_S[State.HELD] - 0.1) == View(State.HELD, held=1)
    assert timing.see(waits, STAYS_S[State.HELD]) is None
    assert timing.see(View(State.HELD, held=1), 8.0) is None, "its note has expired"
    timing.see(View(State.DONE, earlier=1), 20.0)
    done = View(State.DONE, earlier=1)
    assert timing.see(View(State.HELD, earlier=1), 21.0) == done
    assert timing.see(View(State.HELD, earlier=1), 22.0) is None
    result = View(State.HELD, earlier=1, note=Note("held-earlier"))
    assert timing.see(result, 30.0) == result
    assert timing.see(result, 30.0 + NOTE_S) is None
    timing.see(View(State.HELD, earlier=1), 39.0)
    assert timing.see(result, 39.5) == result, "the key would seem dead the second time"
    assert timing.see(View(State.HELD, held=1, earlier=1), 50.0), "one more text is held"


def test_recording_without_outcome_is_hidden_while_text_is_held() -> None:
    timing = OverlayTiming()
    timing.see(View(State.LISTENING, earlier=1), 0.0)
    assert timing.see(View(State.HELD, earlier=1), 1.0) is None


def test_refused_paste_is_shown_again_with_its_reason() -> None:
    timing = OverlayTiming()
    held = View(State.HELD, held=1, note=Note("not-read"))
    timing.see(held, 0.0)
    timing.see(View(State.INSERTING, held=1, note=Note("not-read")), 5.0)
    refused = replace(held, note_until=14.0)
    assert timing.see(refused, 6.0) == refused, "the key would seem dead"
    assert timing.see(refused, 6.1) == refused
    assert timing.at(6.0 + NOTE_S) is None


def test_note_made_again_is_shown_again() -> None:
    """A second press of the key, while the window still had the note, showed nothing."""
    timing = OverlayTiming()
    first = View(State.HELD, earlier=1, note=Note("held-earlier"), note_until=8.0)
    timing.see(View(State.HELD, earlier=1), -20.0)
    assert timing.see(first, 0.0) == first
    assert timing.see(first, NOTE_S) is None
    again = replace(first, note_until=NOTE_S + 9.0)
    assert timing.see(again, NOTE_S + 1.0) == again
    assert timing.at(2 * NOTE_S + 1.0) is None


def test_text_to_paste_is_no_longer_shown_once_it_is_dismissed() -> None:
    timing = OverlayTiming()
    timing.see(View(State.HELD, held=1), 0.0)
    assert timing.see(IDLE, 1.0) is None
