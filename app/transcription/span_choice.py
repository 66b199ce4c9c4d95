"""Choose between the text of a span and those of its pieces, as results arrive. Pure.

Texts of pieces are withheld until their span is resolved. So exactly one variant of each piece is passed on,
and never changed afterwards.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from math import inf
from typing import Final, NamedTuple

from app.core.span_preference import prefers_span
from app.core.transcript import TranscriptSegment
from app.transcription.span_planner import Span

MARGIN_S: Final = 0.5
"""How much longer than promised a span may take, once all its pieces have results."""
LONGEST_S: Final = 10.0
"""How long a span may take in any case."""


class Resolution(NamedTuple):
    """The variant of a span that is used. ``texts`` are passed on. ``cancel``: results not needed any more."""

    span: int
    accepted: bool
    texts: tuple[TranscriptSegment, ...]
    cancel: tuple[int, ...]


@dataclass
class _OpenSpan:
    span: Span
    closed_at: float
    known_at: float | None = None


class SpanChoice:
    """The withheld texts of one recording. ``languages``: those of the speaker."""

    def __init__(self, languages: Collection[str] = ()) -> None:
        self._languages = languages
        self._withheld: dict[int, TranscriptSegment] = {}
        self._open: dict[int, _OpenSpan] = {}
        self._as_they_are: set[int] = set()  # pieces without a span, or whose span is not used
        self._over: set[int] = set()  # segments whose results are not needed any more

    def closed(self, span: Span, now: float) -> tuple[TranscriptSegment, ...]:
        """Record a span. Return the texts that it does not withhold any longer."""
        if span.segment is None:
            self._as_they_are.update(span.pieces)
            return self._given(span.pieces)
        self._open[span.segment] = _OpenSpan(span, now)
        self._look(now)
        return ()

    def result(self, segment: TranscriptSegment, now: float) -> tuple[TranscriptSegment, ...]:
        """Record a result. Return it, unless it is withheld."""
        if segment.index in self._over:
            return ()
        self._withheld[segment.index] = segment
        if segment.index in self._as_they_are:
            return self._given((segment.index,))
        self._look(now)
        return ()

    def resolve(self, now: float) -> list[Resolution]:
        """Resolve every span whose text has arrived or is late."""
        resolved = [each for each in self._open.values() if self._has_ended(each) or now >= _due(each)]
        return [self._resolve(each.span) for each in resolved]

    @property
    def due(self) -> float:
        """When the next span is late; infinite if none is open."""
        return min(map(_due, self._open.values()), default=inf)

    def rest(self) -> tuple[TranscriptSegment, ...]:
        """Return what is still withheld when the recording has ended early: pieces in no span."""
        self._as_they_are.update(self._withheld)
        return self._given(tuple(self._withheld))

    def _look(self, now: float) -> None:
        """Note when all pieces of a span have results."""
        for each in self._open.values():
            if each.known_at is None and all(piece in self._withheld for piece in each.span.pieces):
                each.known_at = now

    def _has_ended(self, each: _OpenSpan) -> bool:
        return each.span.segment in self._withheld

    def _resolve(self, span: Span) -> Resolution:
        assert span.segment is not None
        del self._open[span.segment]
        self._over.add(span.segment)
        whole = self._withheld.pop(span.segment, None)
        texts = [None if piece not in self._withheld else _said(self._withheld[piece]) for piece in span.pieces]
        silent = TranscriptSegment(span.segment, 0, 0)
        if whole is not None and prefers_span(_said(whole), texts, self._languages):
            first, *others = span.pieces
            missing = tuple(piece for piece in span.pieces if piece not in self._withheld)
            known = [self._withheld.pop(piece, TranscriptSegment(piece, 0, 0)) for piece in span.pieces]
            self._over.update(span.pieces)
            told = [TranscriptSegment(each.index, each.start_ms, each.end_ms) for each in known[1:]]
            used = (replace(whole, index=first), *told, silent)
            return Resolution(span.segment, True, used, missing)
        self._as_they_are.update(span.pieces)
        cancel = () if whole is not None else (span.segment,)
        return Resolution(span.segment, False, (*self._given(span.pieces), silent), cancel)

    def _given(self, pieces: tuple[int, ...]) -> tuple[TranscriptSegment, ...]:
        given = tuple(self._withheld.pop(piece) for piece in pieces if piece in self._withheld)
        self._over.update(each.index for each in given)
        return given


def _due(each: _OpenSpan) -> float:
    latest = each.closed_at + LONGEST_S
    if each.known_at is None:
        return latest
    return min(latest, max(each.closed_at, each.known_at) + each.span.within_ms / 1000 + MARGIN_S)


def _said(segment: TranscriptSegment) -> str:
    """Return the recognised text, before replacement rules."""
    return segment.recognised or segment.text
