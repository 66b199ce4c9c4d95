"""Packing of speech into long windows for recognition of files: more context, and fewer decodes. Pure.

A window holds consecutive segments and the pauses between them, at most 28 s in all. It ends at the longest pause
after 20 s, or else at the last one. No window spans a silence of over 2.5 s, which belongs to no window.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from protocol.audio import FRAME_SAMPLES, SAMPLE_RATE
from speech.segmenter import SegmentAudio, SegmentClosed, Segmenter, SegmenterOptions, SegmentOpened, SegmentOutput
from speech.vad import LOOKBACK, VadEvent

Samples = NDArray[np.int16]

LONGEST: Final = 28 * SAMPLE_RATE
_LEAST: Final = 20 * SAMPLE_RATE
_SILENCE: Final = 5 * SAMPLE_RATE // 2
_OPTIONS: Final = SegmenterOptions(longest_ms=LONGEST * 1000 // SAMPLE_RATE)
_ROLL: Final = LOOKBACK + SAMPLE_RATE
"""A segment begins at most this many samples before it is known."""


@dataclass(frozen=True)
class AudioSpan:
    """Samples from ``begin`` up to ``end``, whose speech needs this gain."""

    begin: int
    end: int
    gain_db: int = 0


def count_in_first_window(spans: Sequence[AudioSpan]) -> int:
    """Return how many of these segments make the first window, given that all of them do not fit."""
    fitting = [place for place, span in enumerate(spans) if span.end - spans[0].begin <= LONGEST]
    places = [place for place in fitting if place + 1 < len(spans)] or [0]
    long = [place for place in places if spans[place].end - spans[0].begin >= _LEAST]
    return 1 + max(long, key=lambda place: spans[place + 1].begin - spans[place].end, default=places[-1])


class Cutter(Protocol):
    """Cutter of a single stream into segments: ``Segmenter`` or ``PackingSegmenter``."""

    def accept(self, samples: Samples, events: Sequence[VadEvent]) -> list[SegmentOutput]:
        """Return the output that can be sent now."""
        ...

    def finish(self) -> list[SegmentOutput]:
        """End the stream; complete the unfinished segment."""
        ...


class PackingSegmenter:
    """Segmenter whose segments are windows. It never speculates."""

    def __init__(self) -> None:
        self._segmenter = Segmenter(_OPTIONS)
        self._kept: list[Samples] = []
        self._kept_from = self._now = 0
        self._open: SegmentOpened | None = None
        self._waiting: list[AudioSpan] = []
        self._windows = 0

    @property
    def held(self) -> int:
        """Number of samples in memory: two windows and some seconds at most."""
        return self._now - self._kept_from

    def accept(self, samples: Samples, events: Sequence[VadEvent]) -> list[SegmentOutput]:
        """Return the windows that are complete, as ``Segmenter.accept``."""
        self._kept.append(samples)
        self._now += len(samples)
        out: list[SegmentOutput] = []
        for output in self._segmenter.accept(samples, events):
            out += self._pack(output)
        if self._waiting and self._open is None and self._now - self._waiting[-1].end > _SILENCE + _ROLL:
            out += self._emit(len(self._waiting))
        self._forget()
        return out

    def finish(self) -> list[SegmentOutput]:
        """End the stream and return the remaining windows."""
        out = [window for output in self._segmenter.finish() for window in self._pack(output)]
        return [*out, *self._emit(len(self._waiting))]

    def _pack(self, output: SegmentOutput) -> Iterator[SegmentOutput]:
        match output:
            case SegmentOpened(_, at):
                self._open = output
                if self._waiting and at - self._waiting[-1].end > _SILENCE:
                    yield from self._emit(len(self._waiting))
            case SegmentClosed(_, samples) if self._open is not None:
                at = self._open.at
                self._waiting.append(AudioSpan(at, at + samples, self._open.gain_db))
                self._open = None
                while self._waiting[-1].end - self._waiting[0].begin > LONGEST and len(self._waiting) > 1:
                    yield from self._emit(count_in_first_window(self._waiting))

    def _emit(self, segments: int) -> Iterator[SegmentOutput]:
        if not segments:
            return
        gain_db = min(each.gain_db for each in self._waiting[:segments])
        window = replace(self._waiting[0], end=self._waiting[segments - 1].end, gain_db=gain_db)
        del self._waiting[:segments]
        number, self._windows = self._windows, self._windows + 1
        kept = np.concatenate(self._kept)
        yield SegmentOpened(number, window.begin, window.gain_db)
        for at in range(window.begin, window.end, FRAME_SAMPLES):
            end = min(at + FRAME_SAMPLES, window.end)
            yield SegmentAudio(number, at - window.begin, kept[at - self._kept_from : end - self._kept_from])
        yield SegmentClosed(number, window.end - window.begin)

    def _forget(self) -> None:
        """Drop blocks that no window can need any more."""
        needed = self._now - _ROLL if self._open is None else min(self._open.at, self._now - _ROLL)
        if self._waiting:
            needed = self._waiting[0].begin
        while self._kept and self._kept_from + len(self._kept[0]) <= needed:
            self._kept_from += len(self._kept.pop(0))
