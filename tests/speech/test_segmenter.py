"""Segmenter: no sample lost or repeated, and the same segments for any chunking of the stream."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray

from protocol.audio import FRAME_SAMPLES
from speech.segmenter import (
    SegmentAudio,
    SegmentClosed,
    Segmenter,
    SegmenterOptions,
    SegmentOpened,
    SegmentOutput,
    SegmentPaused,
)
from speech.vad import LOOKBACK, SpeechEnded, SpeechPaused, SpeechResumed, SpeechStarted, VadEvent
from tests.speech.streams import MS, Stream, covered, cuts, options, run, streams

PLAIN = SegmenterOptions(post_roll_ms=200, noise_roll_ms=0)
LONG = replace(PLAIN, shortest_ms=0)
DISCOVERY = 250 * MS
LEAD = 300 * MS
SMALL = SegmenterOptions(longest_ms=1500, cut_search_ms=500, shortest_ms=400)


@given(streams(), options, cuts)
def test_segments_do_not_depend_on_the_chunks(stream: Stream, options: SegmenterOptions, cuts: list[int]) -> None:
    assert run(stream, options, cuts) == run(stream, options)


@given(streams(), options, cuts)
def test_segment_messages_are_ordered_and_contain_the_samples(
    stream: Stream, options: SegmenterOptions, cuts: list[int]
) -> None:
    numbers, begin, offset = 0, -1, 0
    for message in run(stream, options, cuts):
        assert message.segment == numbers
        if isinstance(message, SegmentOpened):
            assert begin < 0, "a segment begins before the last one ended"
            begin, offset = message.at, 0
        elif isinstance(message, SegmentAudio):
            assert message.offset == offset
            pcm = np.frombuffer(message.pcm, "<i2")
            assert 0 < len(pcm) <= FRAME_SAMPLES
            assert np.array_equal(pcm, stream.samples[begin + offset :][: len(pcm)])
            offset += len(pcm)
        elif isinstance(message, SegmentPaused):
            assert message.samples == offset > 0
        else:
            assert message.samples == offset > 0
            assert offset <= options.longest_ms * MS
            begin, numbers = -1, numbers + 1
    assert begin < 0, "a segment was not completed"


@given(streams(), options, cuts)
def test_every_sample_is_in_one_segment_without_the_gate(
    stream: Stream, options: SegmenterOptions, cuts: list[int]
) -> None:
    out = run(stream, replace(options, gate=False, quiet_ms=None), cuts)
    pcm = b"".join(message.pcm for message in out if isinstance(message, SegmentAudio))
    assert pcm == stream.samples.tobytes()


@given(streams(), options, cuts)
def test_gate_neither_loses_nor_repeats_speech_and_margins(
    stream: Stream, options: SegmenterOptions, cuts: list[int]
) -> None:
    counts = covered(run(stream, replace(options, gate=True), cuts), len(stream.samples))
    assert counts.max(initial=0) <= 1
    for start, end in stream.speech:
        begin = max(0, start - options.pre_roll_ms * MS)
        assert counts[begin : end + options.post_roll_ms * MS].all()


@given(streams(), options)
def test_pause_before_an_endpoint_has_one_correct_speculation(stream: Stream, options: SegmenterOptions) -> None:
    segmenter, out, right, at = Segmenter(options), list[SegmentOutput](), set[SegmentClosed](), 0
    total = len(stream.samples)
    nexts = [event.known for event in stream.events[1:]] + [total]
    begin = guessed = 0
    for event, following in zip(stream.events, nexts, strict=False):
        outputs = segmenter.accept(stream.samples[at : event.known], [event])
        outputs += segmenter.accept(stream.samples[event.known : following - 1], [])
        guessed = 0 if isinstance(event, SpeechPaused) else guessed
        for message in outputs:
            if isinstance(message, SegmentOpened):
                begin = message.at
            elif isinstance(message, SegmentPaused):
                guessed += 1
                ends = isinstance(event, SpeechEnded) or following == total
                if ends and following > begin + message.samples + DISCOVERY:
                    right.add(SegmentClosed(message.segment, message.samples))
        assert guessed <= 1
        at, out = max(event.known, following - 1), out + outputs
    out += segmenter.accept(stream.samples[at:], []) + segmenter.finish()
    assert right <= {message for message in out if isinstance(message, SegmentClosed)}


@given(streams(), cuts)
def test_gate_sends_only_speech_and_its_margins(stream: Stream, cuts: list[int]) -> None:
    counts = covered(run(stream, LONG, cuts), len(stream.samples))
    for start, end in stream.speech:
        counts[max(0, start - LONG.pre_roll_ms * MS) : end + LONG.post_roll_ms * MS] = 0
    assert not counts.any()


@given(streams(), cuts)
def test_only_the_last_segment_may_be_too_short(stream: Stream, cuts: list[int]) -> None:
    out = run(stream, SMALL, cuts)
    lengths = [message.samples for message in out if isinstance(message, SegmentClosed)]
    assert all(length >= SMALL.shortest_ms * MS for length in lengths[:-1])


@given(streams(), options)
def test_segmenter_memory_is_bounded(stream: Stream, options: SegmenterOptions) -> None:
    segmenter = Segmenter(options)
    margins = (options.pre_roll_ms + (options.quiet_ms or 0)) * MS + LOOKBACK
    most = max(margins, options.longest_ms * MS) + FRAME_SAMPLES
    for at in range(0, len(stream.samples), FRAME_SAMPLES):
        known = [event for event in stream.events if at < event.known <= at + FRAME_SAMPLES]
        segmenter.accept(stream.samples[at : at + FRAME_SAMPLES], known)
        assert segmenter.held <= most


def sent(out: list[SegmentOutput]) -> int:
    return sum(len(message.pcm) // 2 for message in out if isinstance(message, SegmentAudio))


def silence(milliseconds: int) -> NDArray[np.int16]:
    return np.zeros(milliseconds * MS, np.int16)


@pytest.mark.parametrize("gate", [True, False])
def test_audio_is_sent_at_once_until_a_cut_is_near(gate: bool) -> None:
    segmenter = Segmenter(SegmenterOptions(gate=gate))
    out: list[SegmentOutput] = []
    for second in range(29):
        out += segmenter.accept(silence(1000), [SpeechStarted(0, 1)][second:])
        assert sent(out) == min(second + 1, 27) * 1000 * MS
    out += segmenter.accept(silence(1000)[:-1], [])
    assert sent(out) == 27_000 * MS
    out += segmenter.accept(silence(1)[:1], [])
    assert any(isinstance(message, SegmentClosed) for message in out)


def test_audio_after_a_pause_is_sent_when_speech_resumes() -> None:
    segmenter = Segmenter(PLAIN)
    out = segmenter.accept(silence(2000), [SpeechStarted(0, 1600), SpeechPaused(1000 * MS, 1100 * MS)])
    assert sent(out) == 1200 * MS, "up to the end of the post-roll"
    out += segmenter.accept(silence(500), [SpeechResumed(2200 * MS, 2200 * MS)])
    assert sent(out) == 2500 * MS


def guesses(out: list[SegmentOutput]) -> list[SegmentOutput]:
    return [message for message in out if isinstance(message, SegmentPaused | SegmentClosed)]


@pytest.mark.parametrize("gate", [True, False])
def test_speculation_comes_once_per_pause_when_its_audio_is_complete(gate: bool) -> None:
    segmenter = Segmenter(SegmenterOptions(gate=gate, post_roll_ms=200))
    out = segmenter.accept(silence(1210), [SpeechStarted(0, 1600), SpeechPaused(1011 * MS, 1100 * MS)])
    assert guesses(out) == [] and sent(out) == 1200 * MS
    out = segmenter.accept(silence(1), [])
    assert guesses(out) == [SegmentPaused(0, 1211 * MS)] and sent(out) == 11 * MS
    out = segmenter.accept(silence(300), [])
    assert out == []
    out = segmenter.accept(silence(100), [SpeechResumed(1520 * MS, 1520 * MS)])
    assert guesses(out) == [] and sent(out) == 400 * MS
    out = segmenter.accept(silence(989), [SpeechPaused(1900 * MS, 1940 * MS), SpeechEnded(1900 * MS, 2600 * MS)])
    assert guesses(out) == [SegmentPaused(0, 2100 * MS), SegmentClosed(0, 2100 * MS)]


def test_immediate_end_has_no_speculation() -> None:
    events: list[VadEvent] = [
        SpeechStarted(0, 1),
        SpeechPaused(1000 * MS, 1300 * MS),
        SpeechEnded(1300 * MS, 1300 * MS),
    ]
    segmenter = Segmenter(PLAIN)
    assert guesses(segmenter.accept(silence(1300), events) + segmenter.finish()) == [SegmentClosed(0, 1300 * MS)]


def test_segment_ends_where_its_pause_began_even_if_the_vad_ends_later() -> None:
    """The VAD ends speech later at the end of the stream and after a minute."""
    segmenter = Segmenter(PLAIN)
    out = segmenter.accept(silence(1500), [SpeechStarted(0, 1), SpeechPaused(1000 * MS, 1100 * MS)])
    out += segmenter.accept(silence(0), [SpeechEnded(1500 * MS, 1500 * MS)]) + segmenter.finish()
    assert guesses(out) == [SegmentPaused(0, 1200 * MS), SegmentClosed(0, 1200 * MS)]


def test_segment_is_cut_at_a_late_speculation() -> None:
    events: list[VadEvent] = [
        SpeechStarted(0, 1),
        SpeechPaused(28_000 * MS, 28_050 * MS),
        SpeechResumed(28_400 * MS, 28_400 * MS),
    ]
    out = Segmenter(PLAIN).accept(silence(31_000), events)
    assert guesses(out) == [SegmentPaused(0, 28_200 * MS), SegmentClosed(0, 28_200 * MS)]
    assert SegmentOpened(1, 28_200 * MS) in out


@pytest.mark.parametrize("ended", [True, False])
def test_segment_ends_at_a_long_pause_before_the_search_for_a_quiet_point(ended: bool) -> None:
    events: list[VadEvent] = [SpeechStarted(0, 1), SpeechPaused(10_000 * MS, 10_100 * MS)]
    if ended:
        events.append(SpeechEnded(10_000 * MS, 40_000 * MS))
    segmenter = Segmenter(PLAIN)
    out = segmenter.accept(silence(41_000), events)
    assert guesses(out)[:2] == [SegmentPaused(0, 10_200 * MS), SegmentClosed(0, 10_200 * MS)]


def test_segment_ends_at_a_pause_that_becomes_known_at_the_longest_length() -> None:
    loud = np.random.default_rng(1).integers(-20000, 20000, 30_500 * MS, np.int16)
    loud[27_500 * MS : 27_700 * MS] = 0
    events: list[VadEvent] = [SpeechStarted(0, 1), SpeechPaused(29_500 * MS, 30_000 * MS - 1)]
    assert SegmentClosed(0, 29_700 * MS) in Segmenter(PLAIN).accept(loud, events)


def test_endpoint_flushes_the_last_partial_frame() -> None:
    events: list[VadEvent] = [
        SpeechStarted(0, 1600),
        SpeechPaused(1010 * MS, 1100 * MS),
        SpeechEnded(1010 * MS, 1700 * MS),
    ]
    out = Segmenter(PLAIN).accept(silence(2000), events)
    *_, last, guess, end = out
    assert isinstance(last, SegmentAudio) and len(last.pcm) == 2 * 10 * MS
    assert guess == SegmentPaused(0, 1210 * MS)
    assert end == SegmentClosed(0, 1210 * MS)


@pytest.mark.parametrize(("background", "longer_ms"), [(0, 0), (300, 0), (600, 421), (1500, 700)])
def test_post_roll_is_longer_only_in_noise(background: int, longer_ms: int) -> None:
    segmenter = Segmenter(replace(PLAIN, noise_roll_ms=700))
    noise = np.full(3000 * MS, background, np.int16)
    audio = np.concatenate((noise[: 1000 * MS], np.full(1000 * MS, 3000, np.int16), noise))
    out = segmenter.accept(audio, [SpeechStarted(1000 * MS), SpeechEnded(2000 * MS)])
    end = (1000 + 200 + longer_ms) * MS + LEAD
    assert out[-1] == SegmentClosed(0, end), "70 ms for each dB below 20, at most 700"


def test_cut_is_at_the_quietest_point_of_the_last_seconds() -> None:
    loud = np.random.default_rng(1).integers(-20000, 20000, 40_000 * MS, np.int16)
    loud[20_000 * MS : 21_000 * MS] = 0  # quieter, but too early
    loud[28_400 * MS : 28_500 * MS] //= 100
    out = Segmenter(PLAIN).accept(loud, [SpeechStarted(0, 1)])
    assert SegmentClosed(0, 28_450 * MS) in out
    assert SegmentOpened(1, 28_450 * MS) in out


@pytest.mark.parametrize("end_ms", [29_200, 30_000])
def test_pause_at_the_longest_length_is_the_cut_and_silence_is_not_sent(end_ms: int) -> None:
    paused = (end_ms - 200) * MS
    events: list[VadEvent] = [
        SpeechStarted(0, 1),
        SpeechPaused(paused, paused + 100 * MS),
        SpeechEnded(paused, 31_000 * MS),
    ]
    segmenter = Segmenter(PLAIN)
    out = segmenter.accept(silence(40_000), events) + segmenter.finish()
    assert [message for message in out if not isinstance(message, SegmentAudio)] == [
        SegmentOpened(0, 0),
        *([SegmentPaused(0, end_ms * MS)] if end_ms < 30_000 else []),
        SegmentClosed(0, end_ms * MS),
    ]


@pytest.mark.parametrize("gate", [True, False])
def test_pause_longer_than_the_longest_segment_is_cut(gate: bool) -> None:
    events: list[VadEvent] = [
        SpeechStarted(0, 1),
        SpeechPaused(2000, 2000),
        SpeechResumed(90_000 * MS, 90_000 * MS),
    ]
    segmenter = Segmenter(SegmenterOptions(gate=gate, post_roll_ms=0, shortest_ms=0))
    out = segmenter.accept(silence(91_000), events) + segmenter.finish()
    assert covered(out, 91_000 * MS).tolist() == [1] * 91_000 * MS
    assert all(message.samples <= 30_000 * MS for message in out if isinstance(message, SegmentClosed))


@pytest.mark.parametrize("later", [-1, 0])
def test_speech_that_starts_before_the_end_is_known_is_not_cut(later: int) -> None:
    """A VAD reports speech late: in noise, where margins are long, the next word may have begun."""
    events: list[VadEvent] = [
        SpeechStarted(0, 1),
        SpeechPaused(1000 * MS, 1100 * MS),
        SpeechEnded(1000 * MS, 1420 * MS),
        SpeechStarted(1150 * MS, 1450 * MS + later),
        SpeechEnded(2000 * MS, 2400 * MS),
    ]
    segmenter = Segmenter(PLAIN)
    out = segmenter.accept(silence(3000), events) + segmenter.finish()
    first, *others = [message for message in out if isinstance(message, SegmentClosed)]
    assert first.samples == (2400 if later else 1200) * MS
    assert len(others) == (not later)


def test_events_without_known_take_effect_at_once() -> None:
    out = Segmenter(PLAIN).accept(silence(3000), [SpeechStarted(500 * MS), SpeechEnded(1500 * MS)])
    assert [message for message in out if not isinstance(message, SegmentAudio)] == [
        SegmentOpened(0, 200 * MS),
        SegmentClosed(0, 1500 * MS),
    ]


@given(streams(), options, cuts)
def test_late_events_take_effect_when_they_arrive(
    stream: Stream, options: SegmenterOptions, cuts: list[int]
) -> None:
    half = len(stream.samples) // 2
    first, second = stream.samples[:half], stream.samples[half:]
    early = [event for event in stream.events if event.known < half // 2]
    late = [event for event in stream.events if event.known >= half // 2]
    clamped = [replace(event, known=max(event.known, half)) for event in late]
    outputs, expected = Segmenter(options), Segmenter(options)
    outputs.accept(first, early)
    expected.accept(first, early)
    assert outputs.accept(second, late) == expected.accept(second, clamped)
    assert outputs.finish() == expected.finish()


def test_silence_sends_no_segment() -> None:
    segmenter = Segmenter(PLAIN)
    assert segmenter.accept(silence(5000), []) + segmenter.finish() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"pre_roll_ms": -1},
        {"cut_search_ms": 99},
        {"longest_ms": 3000, "cut_search_ms": 3000, "shortest_ms": 0},
        {"longest_ms": 3400},
    ],
)
def test_segmenter_refuses_contradictory_options(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        SegmenterOptions(**wrong)


@pytest.mark.parametrize(("dbfs", "gain_db"), [(-20, 0), (-37, 0), (-50, 24)])
def test_segment_states_the_gain_that_its_speech_needs(dbfs: float, gain_db: int) -> None:
    speech = np.full(2000 * MS, round(2**15 * 10 ** (dbfs / 20)), np.int16)
    stream = np.concatenate((np.zeros(1000 * MS, np.int16), speech, np.zeros(1000 * MS, np.int16)))
    events: list[VadEvent] = [SpeechStarted(1000 * MS, 1300 * MS), SpeechEnded(3000 * MS, 3700 * MS)]
    begins = [out for out in Segmenter().accept(stream, events) if isinstance(out, SegmentOpened)]
    assert [begin.gain_db for begin in begins] == [pytest.approx(gain_db, abs=1)]


def test_quiet_beginning_is_amplified_by_the_speech_before_it() -> None:
    stream = np.zeros(6000 * MS, np.int16)
    stream[1000 * MS : 2000 * MS] = round(2**15 * 10 ** (-50 / 20))
    stream[4000 * MS : 5000 * MS] = round(2**15 * 10 ** (-60 / 20))
    events: list[VadEvent] = [
        SpeechStarted(1000 * MS, 1300 * MS),
        SpeechEnded(2000 * MS, 2700 * MS),
        SpeechStarted(4000 * MS, 4300 * MS),
    ]
    first, second = (out for out in Segmenter().accept(stream, events) if isinstance(out, SegmentOpened))
    assert second.gain_db - first.gain_db == pytest.approx(6, abs=1), "not the 10 dB that it is quieter"
