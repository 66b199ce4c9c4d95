"""Cuts a stream of samples into segments to recognise. Pure: samples and VAD events in, segments out.

With ``gate`` only speech is sent, with a margin before and after it. Without, every sample goes into one segment
or another, and the events only say where to cut. No sample is sent twice; none of a segment's is left out.

Audio is sent as early as possible, in frames of 100 ms. Held back is only what may not belong to the segment: what
follows a pause, until it is known whether it was the endpoint, and the last 3 s before the longest length. There a
segment that still goes on is cut at its quietest point, and the next one begins with the next sample.

In a pause everything up to where the segment would end is sent, and ``SegmentSpeculate`` says so: an engine may
decode it while the endpoint is waited for. Without a resumption the segment ends at exactly that sample.

The segments do not depend on how the stream was cut into chunks: every event takes effect at its ``known``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protocol.audio import FRAME_SAMPLES, SAMPLE_RATE
from speech.vad import LOOKBACK, SpeechEnded, SpeechPaused, SpeechResumed, SpeechStarted, VadEvent

_BLOCK: Final = SAMPLE_RATE // 100
_BLOCKS_PER_WINDOW: Final = 10
_WINDOW_MS: Final = 100
_NEVER: Final = 2**62

Samples = NDArray[np.int16]


@dataclass(frozen=True)
class SegmenterOptions:
    """How to cut. The endpoint silence is an option of the VAD.

    ``shortest_ms``: a segment that would be shorter takes more of what follows it; only the last one may be.
    """

    gate: bool = True
    pre_roll_ms: int = 300
    post_roll_ms: int = 200
    shortest_ms: int = 500
    longest_ms: int = 30_000
    cut_search_ms: int = 3_000

    def __post_init__(self) -> None:
        if min(self.pre_roll_ms, self.post_roll_ms, self.shortest_ms) < 0:
            raise ValueError("durations cannot be negative")
        if self.cut_search_ms < _WINDOW_MS:
            raise ValueError(f"the search for a quiet point needs at least {_WINDOW_MS} ms")
        if self.longest_ms < self.shortest_ms + self.cut_search_ms or self.longest_ms == self.cut_search_ms:
            raise ValueError("the longest segment must hold the shortest and the search for a quiet point")


@dataclass(frozen=True, slots=True)
class SegmentBegin:
    """Segment number ``segment`` begins ``at`` this sample of the stream. At least one sample follows."""

    segment: int
    at: int


@dataclass(frozen=True, slots=True)
class SegmentAudio:
    """PCM16LE that starts ``offset`` samples after the segment's beginning: 100 ms, or less where it may end."""

    segment: int
    offset: int
    pcm: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SegmentSpeculate:
    """With these samples, all sent, the segment ends unless the speech resumes. Once per pause."""

    segment: int
    samples: int


@dataclass(frozen=True, slots=True)
class SegmentEnd:
    """The segment is complete with this many samples."""

    segment: int
    samples: int


SegmentOutput = SegmentBegin | SegmentAudio | SegmentSpeculate | SegmentEnd


@dataclass
class _Open:
    """A segment that is not complete. ``margin``: where the post-roll of a pause or an endpoint ends.

    ``speculate_from``: how many samples must have come before its end is worth a guess.
    """

    begin: int
    sent: int
    margin: int | None = None
    ended: bool = False
    speculate_from: int = _NEVER
    number: int | None = None


class Segmenter:
    """One stream, one segmenter."""

    def __init__(self, options: SegmenterOptions | None = None) -> None:
        options = options or SegmenterOptions()
        self._gate = options.gate
        self._pre_roll = _samples(options.pre_roll_ms)
        self._post_roll = _samples(options.post_roll_ms)
        self._shortest = _samples(options.shortest_ms)
        self._longest = _samples(options.longest_ms)
        self._search = _samples(options.cut_search_ms)
        self._kept: Samples = np.empty(0, np.int16)
        self._kept_from = 0
        self._now = 0
        self._free = 0  # the first sample that no segment has
        self._next_number = 0
        self._open = None if self._gate else _Open(0, 0)
        self._out: list[SegmentOutput] = []

    @property
    def held(self) -> int:
        """Samples in memory; at most some seconds, for the pre-roll or for the choice of a cut."""
        return len(self._kept)

    def accept(self, samples: Samples, events: Sequence[VadEvent]) -> list[SegmentOutput]:
        """What can be sent now. ``events`` is what the VAD made of the same samples, or of the stream's end."""
        self._kept = np.concatenate((self._kept, samples))
        received = self._kept_from + len(self._kept)
        for event in events:
            self._advance(max(self._now, min(event.known or event.at, received)))
            self._apply(event)
        self._advance(received)
        self._forget()
        return self._take()

    def finish(self) -> list[SegmentOutput]:
        """The stream ends here (hand over the VAD's last events first): completes the segment that goes on."""
        if self._open is not None:
            self._complete(self._open, self._now)
            self._open = None
        return self._take()

    def _apply(self, event: VadEvent) -> None:
        segment = self._open
        match event:
            case SpeechStarted() if segment is None:
                begin = max(event.at - self._pre_roll, self._free, self._kept_from)
                self._open = _Open(begin, begin)
            case _ if segment is None:
                pass
            case SpeechStarted() | SpeechResumed():
                segment.margin, segment.ended, segment.speculate_from = None, False, _NEVER
            case SpeechPaused():
                segment.margin, segment.speculate_from = event.at + self._post_roll, self._now + 1
            case SpeechEnded():
                if segment.margin is None or not self._gate:  # else it ends where the pause began
                    segment.margin = event.at + self._post_roll
                segment.ended = True

    def _advance(self, now: int) -> None:
        """Send what is allowed once ``now`` samples have come."""
        self._now = now
        while (segment := self._open) is not None:
            latest = segment.begin + self._longest
            end = self._end(segment)
            self._speculate(segment, end, now)
            if segment.ended and end <= min(now, latest):
                self._complete(segment, end)
                self._open = None if self._gate else _Open(self._free, self._free)
            elif now >= latest:
                cut = end if segment.begin < end <= latest else self._quiet_point(segment, latest)
                self._complete(segment, cut)
                self._open = _Open(cut, cut, segment.margin, segment.ended, segment.speculate_from)
            else:
                self._send(segment, min(now, latest - self._search, end))
                return

    def _end(self, segment: _Open) -> int:
        """Where the segment ends unless speech comes back; its beginning if there is nothing to send of it."""
        if segment.margin is None:
            return _NEVER
        if segment.margin <= segment.begin:
            return segment.sent
        return max(segment.margin, segment.begin + self._shortest, segment.sent)

    def _speculate(self, segment: _Open, end: int, now: int) -> None:
        due = max(end, segment.speculate_from)
        if segment.ended or end == segment.begin or due > now or due >= segment.begin + self._longest:
            return
        segment.speculate_from = _NEVER
        self._send_all(segment, end)
        assert segment.number is not None
        self._out.append(SegmentSpeculate(segment.number, end - segment.begin))

    def _quiet_point(self, segment: _Open, latest: int) -> int:
        first = latest - self._search
        if segment.sent > first:  # a pause was there
            return segment.sent
        return first + quietest(self._audio(first, latest))

    def _complete(self, segment: _Open, end: int) -> None:
        self._free = end
        if end == segment.begin:
            return
        self._send_all(segment, end)
        assert segment.number is not None
        self._out.append(SegmentEnd(segment.number, end - segment.begin))

    def _send(self, segment: _Open, limit: int) -> None:
        while segment.sent + FRAME_SAMPLES <= limit:
            self._emit(segment, segment.sent + FRAME_SAMPLES)

    def _send_all(self, segment: _Open, end: int) -> None:
        self._send(segment, end)
        if segment.sent < end:
            self._emit(segment, end)

    def _emit(self, segment: _Open, end: int) -> None:
        if segment.number is None:
            segment.number = self._next_number
            self._next_number += 1
            self._out.append(SegmentBegin(segment.number, segment.begin))
        pcm = self._audio(segment.sent, end).astype("<i2", copy=False).tobytes()
        self._out.append(SegmentAudio(segment.number, segment.sent - segment.begin, pcm))
        segment.sent = end

    def _audio(self, begin: int, end: int) -> Samples:
        return self._kept[begin - self._kept_from : end - self._kept_from]

    def _forget(self) -> None:
        """Drop what no segment can need any more."""
        if self._open is not None:
            needed = self._open.sent
        else:
            needed = max(self._free, self._now - self._pre_roll - LOOKBACK)
        self._kept = self._kept[max(0, needed - self._kept_from) :]
        self._kept_from = max(self._kept_from, needed)

    def _take(self) -> list[SegmentOutput]:
        out, self._out = self._out, []
        return out


def quietest(samples: Samples) -> int:
    """The middle of the 100 ms with the least energy; the last one of equals."""
    blocks = samples[: len(samples) // _BLOCK * _BLOCK].reshape(-1, _BLOCK).astype(np.int64)
    energy = np.concatenate(([0], np.square(blocks).sum(axis=1).cumsum()))
    windows = energy[_BLOCKS_PER_WINDOW:] - energy[:-_BLOCKS_PER_WINDOW]
    last = len(windows) - 1 - int(windows[::-1].argmin())
    return (last + _BLOCKS_PER_WINDOW // 2) * _BLOCK


def _samples(milliseconds: int) -> int:
    return milliseconds * SAMPLE_RATE // 1000
