"""Endpoint rules, compared with a frame-by-frame implementation, in runs of any length."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.endpointing import EndpointDetector, EndpointRules, FrameClock, rules_for
from speech.vad import SpeechEnded, SpeechPaused, SpeechResumed, SpeechStarted, VadEvent

CLOCK = FrameClock(shift=1, latency=4)  # positions in frames
SHORT = EndpointRules(endpoint_silence=30, longest=120)

# Runs of equal frames turn the window and cause endpoints; single frames keep it close to turning.
runs = st.lists(st.tuples(st.booleans(), st.one_of(st.integers(1, 3), st.integers(1, 90))), max_size=24)
rules = st.builds(
    EndpointRules,
    endpoint_silence=st.integers(16, 60),
    lookback=st.integers(0, 30),
    longest=st.integers(51, 300),
)


def frames(*lengths: tuple[bool, int]) -> list[bool]:
    return [speech for speech, length in lengths for _ in range(length)]


def by_frame(flags: list[bool], rules: EndpointRules) -> list[tuple[int, int]]:
    """Return the boundaries of speech, computed frame by frame."""
    found: list[tuple[int, int]] = []
    window: list[bool] = []
    turned, start, silent, free = False, -1, 0, 0
    for frame, flag in enumerate(flags):
        window = [*window, flag][-rules.window :]
        before, turned = turned, sum(window) > rules.turn if turned else sum(window) >= rules.turn
        silent = silent + 1 if not before and not turned else 0
        end = -1
        if start < 0 and turned:
            start = max(free, frame - rules.window - rules.lookback)
        elif start >= 0 and silent == rules.endpoint_silence - rules.turn:
            end = frame - max(0, silent - rules.lookahead - 1)
        elif start >= 0 and frame - start >= rules.longest:
            end = frame
        if end >= 0:
            found.append((start, end + 1))
            window, turned, start, silent, free = [], False, -1, 0, end + 1
    return found if start < 0 else [*found, (start, len(flags))]


def run(flags: list[bool], rules: EndpointRules, cuts: list[int] | None = None) -> list[VadEvent]:
    detector = EndpointDetector(rules, CLOCK)
    places = [0, *sorted(cut % (len(flags) + 1) for cut in cuts or []), len(flags)]
    events: list[VadEvent] = []
    for begin, end in zip(places, places[1:], strict=False):
        events += detector.accept(np.array(flags[begin:end], np.bool_))
    return events + detector.finish(len(flags) - 1 + CLOCK.latency)


def speeches(events: list[VadEvent]) -> list[tuple[int, int]]:
    starts = [event.at for event in events if isinstance(event, SpeechStarted)]
    ends = [event.at for event in events if isinstance(event, SpeechEnded)]
    return list(zip(starts, ends, strict=True))


@given(runs, rules)
def test_boundaries_equal_the_rules_applied_frame_by_frame(
    lengths: list[tuple[bool, int]], rules: EndpointRules
) -> None:
    flags = frames(*lengths)
    assert speeches(run(flags, rules)) == by_frame(flags, rules)


@pytest.mark.parametrize("longest", range(66, 76))
def test_boundaries_are_right_where_turn_endpoint_and_cut_coincide(longest: int) -> None:
    for endpoint_silence in range(16, 36):
        for silence in range(4, 24):
            rules = EndpointRules(endpoint_silence, longest=longest)
            flags = frames((True, 50), (False, silence), (True, 60))
            assert speeches(run(flags, rules)) == by_frame(flags, rules), rules


@given(runs, rules, st.lists(st.integers(0, 2000), max_size=40))
def test_endpoint_events_do_not_depend_on_the_runs(
    lengths: list[tuple[bool, int]], rules: EndpointRules, cuts: list[int]
) -> None:
    flags = frames(*lengths)
    assert run(flags, rules, cuts) == run(flags, rules)


@given(runs, rules)
def test_endpoint_events_are_ordered_and_known_after_they_happen(
    lengths: list[tuple[bool, int]], rules: EndpointRules
) -> None:
    follows: dict[type[VadEvent] | None, tuple[type[VadEvent], ...]] = {
        None: (SpeechStarted,),
        SpeechStarted: (SpeechPaused, SpeechEnded),
        SpeechPaused: (SpeechResumed, SpeechEnded),
        SpeechResumed: (SpeechPaused, SpeechEnded),
        SpeechEnded: (SpeechStarted,),
    }
    events = run(frames(*lengths), rules)
    previous: VadEvent | None = None
    for event in events:
        assert isinstance(event, follows[type(previous) if previous else None])
        assert event.at <= event.known
        if previous:
            assert event.known >= previous.known
        if isinstance(event, SpeechEnded) and isinstance(previous, SpeechPaused) and event != events[-1]:
            assert event.at >= previous.at
        previous = event


def test_sentence_gives_start_pause_and_end() -> None:
    events = run(frames((False, 100), (True, 200), (False, 200)), rules_for(800))
    turned_to_speech, turned_to_silence = 114, 304
    assert events == [
        SpeechStarted(turned_to_speech - 40, known=turned_to_speech + 4),
        SpeechPaused(turned_to_silence + 12, known=turned_to_silence + 11 + 4),
        SpeechEnded(turned_to_silence + 12, known=turned_to_silence + 65 + 4),
    ]


def test_short_silence_is_a_pause() -> None:
    events = run(frames((True, 100), (False, 25), (True, 50), (False, 80)), rules_for(600))
    assert events[2] == SpeechResumed(139, known=143)
    assert [type(event) for event in events] == [
        SpeechStarted, SpeechPaused, SpeechResumed, SpeechPaused, SpeechEnded,
    ]  # fmt: skip


@pytest.mark.parametrize("silence", [100, 300])
def test_pause_is_noticed_in_every_speech(silence: int) -> None:
    events = run(frames((True, 100), (False, 100), (True, 60), (False, silence)), rules_for(600))
    assert [type(event) for event in events] == 2 * [SpeechStarted, SpeechPaused, SpeechEnded]


def test_speech_that_resumes_in_the_frame_of_its_pause_is_not_paused() -> None:
    flags = frames((True, 100), (False, 1), (True, 5), (False, 5), (True, 50), (False, 80))
    assert [type(event) for event in run(flags, rules_for(600))] == [SpeechStarted, SpeechPaused, SpeechEnded]


@given(runs)
def test_event_positions_are_in_samples_of_the_clock(lengths: list[tuple[bool, int]]) -> None:
    flags = frames(*lengths)
    detector = EndpointDetector(SHORT, FrameClock(shift=160, latency=400))
    events = detector.accept(np.array(flags, np.bool_))
    expected = EndpointDetector(SHORT, FrameClock(1, 0)).accept(np.array(flags, np.bool_))
    assert events == [type(event)(event.at * 160, event.known * 160 + 400) for event in expected]


def test_unfinished_speech_ends_with_the_stream() -> None:
    assert run(frames((True, 50)), rules_for(600)) == [SpeechStarted(0, 18), SpeechEnded(50, 53)]


def test_long_speech_is_cut_and_continues_at_the_cut() -> None:
    assert speeches(run(frames((True, 200)), SHORT)) == [(0, 121), (121, 200)]


def test_short_noise_is_not_speech() -> None:
    assert run(frames((False, 50), (True, 14), (False, 50)), rules_for(600)) == []


def test_rules_refuse_a_cut_before_speech_is_detected() -> None:
    with pytest.raises(ValueError, match="longest"):
        EndpointRules(longest=40)


def test_rules_refuse_endpoint_silence_shorter_than_the_window() -> None:
    with pytest.raises(ValueError, match="at least 160 ms"):
        rules_for(150)
