"""Streams for the segmenter's tests: speech and the events of a VAD."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from speech.level import BLOCK
from speech.segmenter import SegmentClosed, Segmenter, SegmenterOptions, SegmentOpened, SegmentOutput
from speech.vad import LOOKBACK, SpeechEnded, SpeechPaused, SpeechResumed, SpeechStarted, VadEvent

MS = 16


@dataclass(frozen=True)
class Stream:
    """Samples, the VAD's events for them, and the ranges of speech."""

    samples: NDArray[np.int16]
    events: list[VadEvent]
    speech: list[tuple[int, int]]


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    """Generate speech with pauses; every event is known some time after it happened, as with a real VAD."""
    events: list[VadEvent] = []
    speech: list[tuple[int, int]] = []
    now = said = 0
    for _ in range(draw(st.integers(0, 4))):
        start = said + draw(st.integers(0, 2500 * MS))
        now = max(now + 1, start + draw(st.integers(BLOCK, LOOKBACK // 2)))  # no VAD is faster than a block
        events.append(SpeechStarted(start, now))
        for _ in range(draw(st.integers(0, 2))):
            paused = now + draw(st.integers(1, 700 * MS))
            now = paused + draw(st.integers(0, 150 * MS))
            events.append(SpeechPaused(paused, now))
            now += draw(st.integers(1, 350 * MS))
            events.append(SpeechResumed(now, now))
        said = now + draw(st.integers(1, 1200 * MS))
        now = said + draw(st.integers(0, 150 * MS))
        events.append(SpeechPaused(said, now))
        now += draw(st.integers(1, 450 * MS))
        events.append(SpeechEnded(said, now))
        speech.append((start, said))
    total = now + draw(st.integers(0, 1000 * MS))
    seed = draw(st.integers(0, 2**32 - 1))
    samples = np.random.default_rng(seed).integers(-(2**15), 2**15, total, np.int16)
    for begin in draw(st.lists(st.integers(0, total), max_size=4)):  # quiet ranges, within speech or not
        samples[begin : begin + draw(st.integers(0, 3000 * MS))] >>= 12
    return Stream(samples, events, speech)


cuts = st.lists(st.integers(0, 2**30), max_size=30)
options = st.builds(
    SegmenterOptions,
    gate=st.booleans(),
    pre_roll_ms=st.integers(0, 400),
    post_roll_ms=st.integers(0, 400),
    noise_roll_ms=st.sampled_from([0, 700]),
    quiet_ms=st.one_of(st.none(), st.integers(0, 1000)),
    shortest_ms=st.integers(0, 600),
    longest_ms=st.integers(1200, 3000),
    cut_search_ms=st.integers(100, 600),
)


def run(stream: Stream, options: SegmenterOptions, cuts: list[int] | None = None) -> list[SegmentOutput]:
    total = len(stream.samples)
    places = [0, *sorted(cut % (total + 1) for cut in cuts or []), total]
    segmenter = Segmenter(options)
    out: list[SegmentOutput] = []
    for begin, end in zip(places, places[1:], strict=False):
        known = [event for event in stream.events if begin < event.known <= end]
        out += segmenter.accept(stream.samples[begin:end], known)
    return out + segmenter.finish()


def covered(out: list[SegmentOutput], total: int) -> NDArray[np.int64]:
    """Return the number of segments that contain each sample."""
    counts = np.zeros(total, np.int64)
    begin = 0
    for message in out:
        if isinstance(message, SegmentOpened):
            begin = message.at
        elif isinstance(message, SegmentClosed):
            counts[begin : begin + message.samples] += 1
    return counts
