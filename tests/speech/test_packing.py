"""Tests of packing speech into windows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from protocol.audio import SAMPLE_RATE
from speech.level import gain_for
from speech.packing import LONGEST, AudioSpan, Cutter, PackingSegmenter, count_in_first_window
from speech.segmenter import SegmentAudio, SegmentClosed, Segmenter, SegmentOpened, SegmentOutput
from speech.vad import SpeechEnded, SpeechStarted, VadEvent


def seconds(*spans: tuple[float, float]) -> list[AudioSpan]:
    return [AudioSpan(round(begin * SAMPLE_RATE), round(end * SAMPLE_RATE)) for begin, end in spans]


@pytest.mark.parametrize(
    ("spans", "segments"),
    [
        ([(0, 10), (11, 19), (19.5, 27), (27.5, 31)], 3),
        ([(0, 10), (12, 21), (22, 25), (25.5, 27), (27.2, 30)], 2),
        ([(0, 10), (10.2, 20.5), (22, 25), (25.5, 27), (27.2, 30)], 2),
        ([(0, 5), (6, 12), (12.5, 35)], 2),
        ([(0, 28), (28, 30)], 1),
        ([(0, 5), (6, 30)], 1),
    ],
)
def test_first_window_ends_at_the_longest_pause_after_twenty_seconds(
    spans: list[tuple[float, float]], segments: int
) -> None:
    assert count_in_first_window(seconds(*spans)) == segments


def windows(outputs: list[SegmentOutput]) -> list[tuple[int, NDArray[np.int16]]]:
    """Return where each window begins, and its samples; checks that the outputs are well formed."""
    found: list[tuple[int, NDArray[np.int16]]] = []
    for output in outputs:
        match output:
            case SegmentOpened(number, at):
                assert number == len(found)
                found.append((at, np.empty(0, np.int16)))
            case SegmentAudio(number, offset, samples):
                at, audio = found[-1]
                assert (number, offset) == (len(found) - 1, len(audio))
                found[-1] = at, np.concatenate((audio, samples))
            case SegmentClosed(number, length):
                assert (number, length) == (len(found) - 1, len(found[-1][1]))
    return found


def packed(speech: list[AudioSpan], length: int, block: int = SAMPLE_RATE) -> list[tuple[int, NDArray[np.int16]]]:
    """Pack a stream with speech in these places, read in blocks, and check that its memory is bounded."""
    stream = np.arange(length).astype(np.int16)
    vad_events: list[VadEvent] = []
    for span in speech:
        vad_events += [SpeechStarted(span.begin, span.begin + 4_000), SpeechEnded(span.end, span.end + 8_000)]
    packer, outputs = PackingSegmenter(), list[SegmentOutput]()
    for at in range(0, length, block):
        until = min(at + block, length)
        outputs += packer.accept(stream[at:until], [event for event in vad_events if at < event.known <= until])
        assert packer.held <= 2 * LONGEST + 4 * SAMPLE_RATE + 2 * block
    outputs += packer.accept(stream[:0], [event for event in vad_events if event.known > length])
    found = windows(outputs + packer.finish())
    for begin, audio in found:
        assert np.array_equal(audio, stream[begin : begin + len(audio)])
    return found


def test_window_holds_segments_with_pauses_between_them() -> None:
    found = packed(seconds((1, 4), (5, 9), (11, 15)), 20 * SAMPLE_RATE)
    assert [(round(at / SAMPLE_RATE), round(len(audio) / SAMPLE_RATE)) for at, audio in found] == [(1, 15)]


def test_long_silence_belongs_to_no_window() -> None:
    found = packed(seconds((1, 4), (15, 19)), 300 * SAMPLE_RATE)
    assert [(round(at / SAMPLE_RATE), round(len(audio) / SAMPLE_RATE)) for at, audio in found] == [(1, 4), (15, 5)]


def test_windows_do_not_depend_on_blocks() -> None:
    speech = seconds((1, 9), (10, 19), (19.8, 24), (25, 33), (40, 44))
    one, other = packed(speech, 50 * SAMPLE_RATE), packed(speech, 50 * SAMPLE_RATE, 1_234)
    assert [(at, audio.tobytes()) for at, audio in one] == [(at, audio.tobytes()) for at, audio in other]


def test_stream_without_speech_has_no_window() -> None:
    assert packed([], 10 * SAMPLE_RATE) == []


@given(st.lists(st.tuples(st.floats(0.3, 70), st.floats(0.8, 8)), max_size=8))
def test_windows_hold_all_speech_once_and_in_order(speech: list[tuple[float, float]]) -> None:
    spans, at = list[AudioSpan](), 0.5
    for length, pause in speech:
        spans += seconds((at, at + length))
        at += length + pause
    found = packed(spans, round((at + 1) * SAMPLE_RATE), 4 * SAMPLE_RATE)
    covered = [AudioSpan(begin, begin + len(audio)) for begin, audio in found]
    assert all(one.end <= following.begin for one, following in zip(covered, covered[1:], strict=False))
    assert all(window.end - window.begin <= LONGEST for window in covered)
    for span in spans:
        inside = sum(max(0, min(w.end, span.end) - max(w.begin, span.begin)) for w in covered)
        assert inside == span.end - span.begin


def test_window_has_the_gain_of_its_loudest_segment() -> None:
    """A gain that suits the quietest words would cut off the loud ones."""
    quiet, faint = (np.full(2 * SAMPLE_RATE, level, np.int16) for level in (200, 100))
    pause = np.zeros(SAMPLE_RATE, np.int16)
    stream = np.concatenate((pause, quiet, pause, faint, np.zeros(4 * SAMPLE_RATE, np.int16)))
    vad_events: list[VadEvent] = []
    for begin, end in ((1, 3), (4, 6)):
        vad_events += [SpeechStarted(begin * SAMPLE_RATE, begin * SAMPLE_RATE + 4_000)]
        vad_events += [SpeechEnded(end * SAMPLE_RATE, end * SAMPLE_RATE + 9_600)]
    packer = PackingSegmenter()
    outputs = [*packer.accept(stream, vad_events), *packer.finish()]
    begins = [output for output in outputs if isinstance(output, SegmentOpened)]
    assert [begin.gain_db for begin in begins] == [gain_for(20 * np.log10(200 / 2**15), -100)]


@pytest.mark.parametrize("cutter", [Segmenter(), PackingSegmenter()], ids=["segments", "windows"])
def test_cutter_ends_unfinished_speech_with_the_stream(cutter: Cutter) -> None:
    samples = np.arange(SAMPLE_RATE).astype(np.int16)
    outputs = [*cutter.accept(samples, [SpeechStarted(8_000, 12_000)]), *cutter.finish()]
    audio = np.concatenate([output.samples for output in outputs if isinstance(output, SegmentAudio)])
    assert np.array_equal(audio, samples[-len(audio) :]) and len(audio) >= SAMPLE_RATE - 8_000
    assert outputs[-1] == SegmentClosed(0, len(audio))
