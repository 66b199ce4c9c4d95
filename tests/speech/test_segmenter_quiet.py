"""Segmenter without the gate: only long silence, both to the VAD and by level, is left out."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray

from speech.level import BLOCK, SoundBegan, SoundDetector, levels_of
from speech.segmenter import (
    SegmentClosed,
    Segmenter,
    SegmenterOptions,
    SegmentOpened,
    SegmentOutput,
    SegmentPaused,
)
from speech.vad import LOOKBACK, SpeechEnded, SpeechPaused, SpeechStarted, VadEvent
from tests.speech.streams import MS, Stream, covered, cuts, options, run, streams

OPTIONS = SegmenterOptions(gate=False, post_roll_ms=40, noise_roll_ms=0, shortest_ms=0)
ROOM_QUIET = ((60, -62), (400, -45))
"""Milliseconds and level of the silence before speech, and of quiet speech."""


def runs_of(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the ranges in which the flags are true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]


def sounding(stream: Stream, threshold: float) -> NDArray[np.bool_]:
    """Return which samples are sound or speech."""
    sound, began = np.zeros(len(stream.samples), np.bool_), -1
    for event in SoundDetector(threshold).accept(levels_of(stream.samples)):
        if isinstance(event, SoundBegan):
            began = event.at
        else:
            sound[began : event.at] = True
            began = -1
    if began >= 0:
        sound[began : len(stream.samples) // BLOCK * BLOCK] = True
    for start, end in stream.speech:
        sound[start:end] = True
    return sound


@given(streams(), options, cuts)
def test_only_long_silence_is_left_out_except_its_ends(
    stream: Stream, options: SegmenterOptions, cuts: list[int]
) -> None:
    quiet_ms = options.quiet_ms or 300
    options = replace(options, gate=False, quiet_ms=quiet_ms)
    counts = covered(run(stream, options, cuts), len(stream.samples))
    assert counts.max(initial=0) <= 1
    sound, total = sounding(stream, options.quiet_dbfs), len(stream.samples)
    assert counts[sound].all()
    silences = runs_of(~sound)
    for begin, end in runs_of(counts == 0):
        silent_from, silent_to = next(silence for silence in silences if silence[0] <= begin < silence[1])
        assert end <= silent_to
        if silent_to < total:
            assert silent_to - silent_from > quiet_ms * MS
            assert end <= silent_to - options.pre_roll_ms * MS


def test_lasting_silence_is_dropped_from_memory() -> None:
    segmenter = Segmenter(OPTIONS)
    for _ in range(100):
        assert segmenter.accept(np.zeros(1000 * MS, np.int16), []) == []
        assert segmenter.held <= (OPTIONS.pre_roll_ms + 1000) * MS + LOOKBACK
        assert len(segmenter._meter._levels) < 500, "of 1,000 blocks of 100 ms"
    assert segmenter.finish() == []


def sound(milliseconds: int) -> NDArray[np.int16]:
    return np.full(milliseconds * MS, 3000, np.int16)


def silence(milliseconds: int) -> NDArray[np.int16]:
    return np.full(milliseconds * MS, 50, np.int16)  # -56 dBFS


def said(begin: int, end: int) -> list[VadEvent]:
    """Return the events of speech between two times in ms."""
    return [
        SpeechStarted(begin * MS, (begin + 440) * MS),
        SpeechPaused(end * MS, (end + 35) * MS),
        SpeechEnded(end * MS, (end + 560) * MS),
    ]


def cut(samples: list[NDArray[np.int16]], events: list[VadEvent]) -> list[tuple[int, int]]:
    """Return the begin and end of each segment in ms."""
    whole = np.concatenate(samples)
    return ranges(run(Stream(whole, events, []), OPTIONS, list(range(0, len(whole), 100 * MS))))


def ranges(out: list[SegmentOutput]) -> list[tuple[int, int]]:
    begins = [message.at for message in out if isinstance(message, SegmentOpened)]
    lengths = [message.samples for message in out if isinstance(message, SegmentClosed)]
    return [(begin // MS, (begin + length) // MS) for begin, length in zip(begins, lengths, strict=True)]


def test_silence_longer_than_a_second_is_not_sent() -> None:
    for pause, second in ((1000, 2040), (1600, 2810)):
        parts = [sound(2000), silence(pause), sound(1000)]
        events = said(0, 2000) + said(2000 + pause, 3000 + pause)
        assert cut(parts, events) == [(0, 2040), (second, 3000 + pause)]


def test_long_silence_keeps_its_ends() -> None:
    """Loud sound may start with speech that the VAD has yet to detect, so its margin is longer."""
    parts = [sound(2000), silence(5000), sound(1000), silence(5000)]
    assert cut(parts, said(0, 2000) + said(6900, 8000)) == [(0, 2040), (7010 - 500 - 300, 8040)]
    quiet = [silence(2000), silence(5000), silence(1000), silence(5000)]
    assert cut(quiet, said(0, 2000) + said(7000, 8000)) == [(0, 2040), (7000 - 300, 8040)]


def test_sound_that_the_vad_ignores_is_sent() -> None:
    assert cut([silence(5000), sound(50), silence(5000)], []) == [(5010 - 500 - 300, 5050 + 300)]
    assert cut([silence(900), sound(50), silence(900), sound(50), silence(500)], []) == [(0, 2200)]


def test_sound_before_the_endpoint_is_in_the_next_segment() -> None:
    parts = [sound(2000), silence(300), sound(50), silence(5000)]
    assert cut(parts, said(0, 2000)) == [(0, 2040), (2040, 2350 + 300)]


def test_sound_that_ends_after_the_endpoint_does_not_move_the_end() -> None:
    events: list[VadEvent] = [SpeechStarted(0, 440 * MS), SpeechEnded(1000 * MS, 1010 * MS)]
    assert cut([sound(1100), silence(3000)], events) == [(0, 1040), (1040, 1100 + 300)]


def test_segment_ends_at_the_sample_that_makes_silence_long() -> None:
    segmenter = Segmenter(OPTIONS)
    out = segmenter.accept(np.concatenate((sound(1000), silence(1000 + LOOKBACK // MS))), [])
    assert not [message for message in out if isinstance(message, SegmentClosed)]
    assert segmenter.accept(silence(1)[:1], []) == [SegmentClosed(0, 1300 * MS)]


def test_steady_noise_is_sent_only_until_its_level_is_known() -> None:
    quiet_room, fan = silence(3000), sound(20_000)
    (begin, end), *rest = cut([quiet_room, fan], said(15_000, 16_000))
    assert begin == 3000 + 10 - 500 - 300 and 4000 < end < 14_000
    assert rest == [(15_000 - 300, 16_040)]


def test_pause_until_stream_end_ends_at_its_speculation() -> None:
    """The key goes up after the last word: the speculative decode becomes the final one."""
    segmenter = Segmenter(OPTIONS)
    samples = np.concatenate((sound(2000), silence(400)))
    out = segmenter.accept(samples, said(0, 2000)[:2])
    out += segmenter.accept(samples[:0], [SpeechEnded(2400 * MS, 2400 * MS)]) + segmenter.finish()
    assert ranges(out) == [(0, 2040)]
    assert SegmentPaused(0, 2040 * MS) in out


@pytest.mark.parametrize("loud", [True, False])
def test_short_last_word_is_sent_if_it_is_loud(loud: bool) -> None:
    segmenter = Segmenter(OPTIONS)
    samples = np.concatenate((sound(2000), silence(200), (sound if loud else silence)(100)))
    out = segmenter.accept(samples, said(0, 2000)[:2])
    out += segmenter.accept(samples[:0], [SpeechEnded(2300 * MS, 2300 * MS)]) + segmenter.finish()
    assert ranges(out) == [(0, 2040), (2040, 2300)][: 1 + loud]


def test_click_before_quiet_speech_leaves_it_its_gain() -> None:
    room, quiet = (np.full(length * MS, round(2**15 * 10 ** (dbfs / 20)), np.int16) for length, dbfs in ROOM_QUIET)
    click = np.full(10 * MS, 8_000, np.int16)
    takes = ((room, quiet), (room[: -10 * MS], click, room, quiet))
    begins = [Segmenter(OPTIONS).accept(np.concatenate(take), [])[0] for take in takes]
    gains = [begin.gain_db for begin in begins if isinstance(begin, SegmentOpened)]
    assert gains == [17, 17]


def test_quiet_speech_in_a_room_without_noise_gets_gain_from_the_start() -> None:
    room, quiet = (np.full(length * MS, level, np.int16) for length, level in ((60, 6), (400, 184)))
    (begin,) = (
        output
        for output in Segmenter(OPTIONS).accept(np.concatenate((room, quiet)), [])
        if isinstance(output, SegmentOpened)
    )
    assert begin.gain_db >= 17
