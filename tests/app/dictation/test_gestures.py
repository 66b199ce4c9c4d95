"""Tests of the dictation key in each mode."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dictation.gestures import POLL_S, TAP_S, Gestures, KeyIntent, KeyWatch, TalkMode

EVERY = list(TalkMode)
SHORT, LONG = TAP_S / 2, TAP_S * 3


def used(mode: TalkMode, held_s: float, recording: int | None = None, **more: bool) -> list[KeyIntent | None]:
    """Return what one press and its release ask for.

    A take that begins gets number 7.
    """
    gestures = Gestures(mode)
    first = gestures.pressed(10.0, recording, 7)
    during = 7 if first is KeyIntent.BEGIN else None if first is KeyIntent.END else recording
    return [first, gestures.released(10.0 + held_s, during, **more)]


@pytest.mark.parametrize(
    ("mode", "short", "long"),
    [
        (TalkMode.HOLD, KeyIntent.TAP, KeyIntent.END),
        (TalkMode.TOGGLE, None, None),
        (TalkMode.HYBRID, None, KeyIntent.END),
        (TalkMode.HANDS_FREE, None, None),
    ],
)
def test_press_begins_take_and_release_depends_on_mode(
    mode: TalkMode, short: KeyIntent | None, long: KeyIntent | None
) -> None:
    assert used(mode, SHORT) == [KeyIntent.BEGIN, short]
    assert used(mode, LONG) == [KeyIntent.BEGIN, long]


@pytest.mark.parametrize("held_s", [SHORT, LONG])
@pytest.mark.parametrize("mode", EVERY)
def test_press_during_take_ends_it_without_discarding(mode: TalkMode, held_s: float) -> None:
    end_at_release = mode is TalkMode.HOLD
    assert used(mode, held_s, recording=3) == ([None, KeyIntent.END] if end_at_release else [KeyIntent.END, None])


@pytest.mark.parametrize("mode", EVERY)
def test_chord_discards_take_that_its_press_began(mode: TalkMode) -> None:
    assert used(mode, SHORT, chord=True) == [KeyIntent.BEGIN, KeyIntent.CHORD]
    assert used(mode, SHORT, recording=3, chord=True)[1] is None


def test_release_ends_only_take_of_its_press() -> None:
    gestures = Gestures(TalkMode.HOLD)
    assert gestures.pressed(0.0, None, 1) is KeyIntent.BEGIN
    assert gestures.released(LONG, 2) is None, "take 1 was cancelled and take 2 begun from the tray"
    assert gestures.pressed(5.0, None, 3) is KeyIntent.BEGIN
    assert gestures.released(5.0 + SHORT, None) is KeyIntent.PASS, "the microphone failed: the key is still a key"
    assert gestures.released(6.0, None) is None


def test_mode_change_applies_from_next_press() -> None:
    gestures = Gestures(TalkMode.HOLD)
    gestures.pressed(0.0, None, 1)
    gestures.mode = TalkMode.TOGGLE
    assert gestures.released(LONG, 1) is KeyIntent.END
    assert gestures.pressed(5.0, None, 2) is KeyIntent.BEGIN
    assert gestures.released(5.0 + LONG, 2) is None


@pytest.mark.parametrize(
    ("mode", "began", "release_ends"),
    [
        (TalkMode.HOLD, True, True),
        (TalkMode.HOLD, False, True),
        (TalkMode.HYBRID, True, True),
        (TalkMode.HYBRID, False, False),
        (TalkMode.TOGGLE, True, False),
        (TalkMode.HANDS_FREE, True, False),
    ],
)
def test_release_that_ends_recording_is_needed(mode: TalkMode, began: bool, release_ends: bool) -> None:
    gestures = Gestures(mode)
    assert not gestures.release_ends(None)
    gestures.pressed(0.0, None if began else 1, 1)
    assert gestures.release_ends(1) is release_ends
    assert not gestures.release_ends(None), "the recording is over"
    gestures.released(LONG, 1)
    assert not gestures.release_ends(1)


def test_lost_key_up_is_detected_after_two_up_answers() -> None:
    watch = KeyWatch()
    assert watch.pressed("dictate", 0.0)
    assert not watch.pressed("dictate", 0.1), "auto-repeat"
    assert watch.polls(POLL_S - 0.01) == []
    assert watch.polls(POLL_S) == ["dictate"]
    assert watch.record_poll("dictate", False, 0.25) is None
    assert watch.record_poll("dictate", True, 0.5) is None, "once may be a mistake"
    assert watch.record_poll("dictate", False, 0.75) is None
    assert watch.record_poll("dictate", False, 1.0) == 0.75
    assert not watch
    assert watch.poll_at is None
    assert not watch.released("dictate")
    assert watch.record_poll("dictate", False, 1.2) is None
    assert watch.pressed("dictate", 2.0)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["down", "up", "poll"]), st.booleans())))
def test_key_watch_alternates_presses_and_releases(events: list[tuple[str, str, bool]]) -> None:
    watch, down = KeyWatch(), set[str]()
    for now, (key, what, state) in enumerate(events):
        if what == "down":
            assert watch.pressed(key, now) is (key not in down)
            down.add(key)
        elif what == "up":
            assert watch.released(key) is (key in down)
            down.discard(key)
        elif watch.record_poll(key, state, now) is not None:
            assert key in down
            down.discard(key)
        assert bool(watch) is bool(down)
        assert (watch.poll_at is None) is (not down)
