"""Arrange the text shown while the user speaks: texts in spoken order, then partials that may change. Pure."""

from dataclasses import dataclass, field
from typing import Final

from app.core.transcript import TranscriptSegment
from protocol.session import Partial
from protocol.texts import TimedText, append_text

_NOT_YET: Final = "…"


@dataclass(frozen=True)
class TextSpan:
    """A part of the text.

    ``stable``: no partial of its segment will change it.
    """

    text: str
    stable: bool


@dataclass(frozen=True)
class TextLine:
    """Line for a segment that has ended: its text, or a mark that it failed.

    ``times_ms``: start and end of the segment, unless it failed.
    """

    text: str
    failed: bool = False
    times_ms: tuple[int, int] | None = field(default=None, compare=False)


class LiveText:
    """Sorter of segments, which are numbered from 0 and end in any order.

    A text is written once all earlier segments have ended.
    """

    def __init__(self) -> None:
        self._next = 0  # the first segment not yet written
        self._ended: dict[int, TranscriptSegment] = {}
        self._partials: dict[int, Partial] = {}

    def partial(self, partial: Partial) -> None:
        """Record a partial, unless it is outdated or its segment has ended."""
        number = partial.segment
        if number < self._next or number in self._ended:
            return
        known = self._partials.get(number)
        if known is None or partial.revision > known.revision:
            self._partials[number] = partial

    def add_result(self, segment: TranscriptSegment) -> list[TextLine]:
        """Record a segment's text or error, and return the lines that can be written now.

        A segment without text gives no line.
        """
        number = segment.index
        if number < self._next or number in self._ended:
            return []
        self._ended[number] = segment
        self._partials.pop(number, None)
        lines: list[TextLine] = []
        while (written := self._ended.pop(self._next, None)) is not None:
            self._next += 1
            if written.error or written.text:
                lines.append(_line(written))
        return lines

    @property
    def spans(self) -> tuple[TextSpan, ...]:
        """The text that is known but not yet written, in spoken order, including spaces."""
        spans: list[TextSpan] = []
        before = self._next - 1
        for number in sorted(self._ended.keys() | self._partials.keys()):
            if number > before + 1:
                _append(spans, TextSpan(_NOT_YET, stable=False))
            _append(spans, *self._pieces(number))
            before = number
        return tuple(spans)

    def _pieces(self, number: int) -> list[TextSpan]:
        if segment := self._ended.get(number):
            return [TextSpan(_line(segment).text, stable=True)] if segment.error or segment.text else []
        partial = self._partials[number]
        pieces = (
            TextSpan(partial.text[: partial.stable], stable=True),
            TextSpan(partial.text[partial.stable :], stable=False),
        )
        return [piece for piece in pieces if piece.text]


def mark(error: str) -> str:
    """Return the mark that replaces a missing text."""
    return f"[no text: {error}]"


def _line(segment: TranscriptSegment) -> TextLine:
    if segment.error:
        return TextLine(mark(segment.error), failed=True)
    return TextLine(segment.text, times_ms=(segment.start_ms, segment.end_ms))


def _append(spans: list[TextSpan], *pieces: TextSpan) -> None:
    """Append one segment's pieces, preceded by a space where it is needed."""
    for place, piece in enumerate(pieces):
        text = piece.text
        if place == 0 and spans and spans[-1].text.strip() and text.strip():
            text = append_text(TimedText(spans[-1].text), TimedText(text)) + text[len(text.rstrip()) :]
        spans.append(TextSpan(text, piece.stable))
