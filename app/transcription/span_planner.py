"""Plan the second pass: which consecutive pieces of a recording are recognised once more as one. Pure.

A *piece* is a segment as the segmenter cut it. A *span* is what was spoken since the last insertion: pieces from
the start of the first to the end of the last, at most 25 s, all for one window. It is a segment of its own. The
planner numbers both, because spans lie between pieces.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from protocol.audio import SAMPLE_RATE
from speech.segmenter import SegmentAudio, SegmentClosed, SegmentOpened, SegmentOutput, SegmentPaused

LONGEST: Final = 25 * SAMPLE_RATE
PAUSE: Final = 2 * SAMPLE_RATE
SHORT_TAIL: Final = SAMPLE_RATE // 2
AT_END_MS: Final = 1_500
"""The gateway refuses a span whose text it expects later. It estimates from short pieces, which cost more per
second."""
AT_PAUSE_MS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive pieces, to recognise once more as ``segment``; ``None``: their texts are used as they are.

    ``at``, ``samples``: its place in the recording. ``within_ms``: how soon its text must come. ``tail``: the end
    of its last piece, to be sent after the span, so that the span is decoded first. ``gain_db``: that of the
    loudest piece.
    """

    pieces: tuple[int, ...]
    segment: int | None = None
    at: int = 0
    samples: int = 0
    within_ms: int = 0
    tail: SegmentClosed | None = None
    gain_db: int = 0

    @property
    def waits(self) -> bool:
        """True if the tail is too short to be recognised alone: it is sent only if the span has no text."""
        return self.segment is not None and self.tail is not None and self.tail.samples < SHORT_TAIL


@dataclass(frozen=True)
class SpanRules:
    """The circumstances on which spans depend.

    ``key_down``: the key is down, so that nothing is inserted yet. ``offered``: the gateway accepts spans now.
    ``window``: identifies the window that gets the text of a piece; ``None``: not known yet.
    """

    key_down: Callable[[], bool]
    offered: Callable[[], bool] = lambda: False
    window: Callable[[int], Hashable] = lambda piece: ""


@dataclass(frozen=True, slots=True)
class VadPosition:
    """The position of the VAD: samples heard, and of them the last without speech. ``over``: none will follow."""

    heard: int
    silence: int
    over: bool


@dataclass(frozen=True, slots=True)
class _Piece:
    number: int
    at: int
    samples: int
    gain_db: int

    @property
    def end(self) -> int:
        return self.at + self.samples


class SpanPlanner:
    """Planner of one recording: turns the segmenter's output into numbered segments and spans."""

    def __init__(self, rules: SpanRules) -> None:
        self._rules = rules
        self._count = 0
        self._open: SegmentOpened | None = None
        self._pending: list[_Piece] = []

    def accept(self, outputs: Sequence[SegmentOutput], moment: VadPosition) -> Iterator[SegmentOutput | Span]:
        """Yield the outputs under their numbers, and the spans that end at this moment."""
        tail: SegmentClosed | None = None
        for place, output in enumerate(outputs, 1):
            match output:
                case SegmentOpened():
                    self._open = replace(output, segment=self._count)
                    self._count += 1
                    yield self._open
                case SegmentAudio() | SegmentPaused() if self._open is not None:
                    yield replace(output, segment=self._open.segment)
                case SegmentClosed(_, samples) if self._open is not None:
                    end = SegmentClosed(self._open.segment, samples)
                    yield from self._add(_Piece(end.segment, self._open.at, samples, self._open.gain_db))
                    if moment.over and place == len(outputs):
                        tail = end
                    else:
                        yield end
        yield from self._due(moment, tail)

    def _add(self, piece: _Piece) -> Iterator[Span]:
        self._open = None
        if self._pending and piece.end - self._pending[0].at > LONGEST:
            yield from self._close(AT_PAUSE_MS)
        self._pending.append(piece)

    def _due(self, moment: VadPosition, tail: SegmentClosed | None) -> Iterator[Span]:
        if moment.over:
            yield from self._close(AT_END_MS, tail)
        elif self._is_over(moment) or self._is_left():
            yield from self._close(AT_PAUSE_MS)

    def _is_over(self, moment: VadPosition) -> bool:
        if not self._pending or not self._rules.offered():
            return bool(self._pending)
        pause = moment.silence >= PAUSE and not self._rules.key_down()
        return pause or moment.heard - self._pending[0].at >= LONGEST

    def _is_left(self) -> bool:
        """Return whether the speaker has left the window for which the pending pieces were spoken."""
        if self._open is None or not self._pending:
            return False
        before, now = self._rules.window(self._pending[-1].number), self._rules.window(self._open.segment)
        return before is not None and now is not None and before != now

    def _close(self, within_ms: int, tail: SegmentClosed | None = None) -> Iterator[Span]:
        pending, self._pending = self._pending, []
        for _, group in groupby(pending, self._window):
            pieces = list(group)
            yield self._span(pieces, within_ms, tail if pieces[-1] is pending[-1] else None)

    def _window(self, piece: _Piece) -> Hashable:
        """Return a key that identifies the piece's window. An unknown window differs from all others."""
        window = self._rules.window(piece.number)
        return (piece.number,) if window is None else window

    def _span(self, pieces: list[_Piece], within_ms: int, tail: SegmentClosed | None) -> Span:
        numbers, at = tuple(piece.number for piece in pieces), pieces[0].at
        if len(pieces) == 1 or not self._rules.offered():
            return Span(numbers, tail=tail)
        segment, self._count = self._count, self._count + 1
        gain_db = min(piece.gain_db for piece in pieces)
        return Span(numbers, segment, at, pieces[-1].end - at, within_ms, tail, gain_db)
