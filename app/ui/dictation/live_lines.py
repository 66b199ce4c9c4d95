"""Lay out and draw live text in a few lines, so that the newest words are always visible.

Stable words have the full colour, others a lighter one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QTextCharFormat, QTextLayout, QTextOption

from app.core.live_text import TextSpan

MOST: Final = 600
"""Number of characters considered, because more never fit."""
_CUT: Final = "…"
_LINE_BREAK: Final = "\u2028"  # QTextLayout draws nothing for a line feed
_AIR: Final = 1.15
_ANY: Final = "surrogatepass"  # file names may contain undecodable bytes
_WORD: Final = 16  # if a word of up to this many letters is cut, its rest is dropped too


def newest(text: str, fits: Callable[[str], bool]) -> str:
    """Return the longest end of ``text`` that fits, with an ellipsis before it if text was cut. Pure."""
    if len(text) <= MOST and fits(text):
        return text
    text = text[-MOST:]
    low, high = 1, len(text)
    while low < high:
        middle = (low + high) // 2
        if fits(_CUT + text[middle:]):
            high = middle
        else:
            low = middle + 1
    return _CUT + text[_word(text, low) :]


def _word(text: str, start: int) -> int:
    """Return the start of the next word, or ``start`` if the script has no spaces."""
    if start >= len(text) or text[start - 1].isspace():
        return start
    space = text.find(" ", start, start + _WORD)
    inside = text[start - 1 : space] if space > 0 else ""
    return space + 1 if inside.isascii() and inside else start


def lay_out(
    text: str,
    text_font: QFont,
    width: float,
    most: int | None = None,
    *,
    formats: Sequence[QTextLayout.FormatRange] = (),
    wrap: QTextOption.WrapMode = QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere,
) -> QTextLayout:
    """Return the layout of a text in at most ``most`` lines of this width; ``None``: no limit."""
    layout = QTextLayout(text, text_font)
    layout.setFormats(formats)
    option = QTextOption(Qt.AlignmentFlag.AlignLeft)
    option.setWrapMode(wrap)
    layout.setTextOption(option)
    layout.beginLayout()
    height = 0.0
    while layout.lineCount() != most and (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        line.setPosition(QPointF(0, height))
        height += line.height()
    layout.endLayout()
    return layout


class LiveLines:
    """Layout of spans, cut at the beginning to fit into ``most`` lines."""

    def __init__(self, spans: Sequence[TextSpan], font: QFont, width: float, most: int = 3) -> None:
        self._font, self._width = font, width
        self._spans = tuple(replace(span, text=span.text.replace("\n", _LINE_BREAK)) for span in spans)
        whole = "".join(span.text for span in self._spans).rstrip()
        self.shown = newest(whole, lambda text: self._laid(text).lineCount() <= most)
        self._cut = len(whole) - len(self.shown) + len(_CUT) if self.shown != whole else 0
        self._layout = self._laid(self.shown)

    @property
    def lines(self) -> int:
        """Number of lines that are shown."""
        return self._layout.lineCount()

    @property
    def height(self) -> float:
        """Height of all lines, in pixels."""
        return self.lines * spacing(self._font)

    @property
    def widest(self) -> float:
        """Width of the longest line, in pixels."""
        lines = (self._layout.lineAt(line) for line in range(self.lines))
        return max((line.naturalTextWidth() for line in lines), default=0.0)

    def draw(self, painter: QPainter, place: QPointF, stable: QColor, unstable: QColor) -> None:
        """Draw stable and unstable text in their colours.

        If both colours are the same, as in high contrast, unstable text has a dotted underline.
        """
        painter.setPen(stable)
        ranges: list[QTextLayout.FormatRange] = []
        done = 0
        for piece, solid in self._pieces():
            dotted = not solid and stable == unstable
            ranges.append(_text_range(done, units(piece), stable if solid else unstable, dotted=dotted))
            done += units(piece)
        self._laid(self.shown, ranges).draw(painter, place)

    def _pieces(self) -> Iterator[tuple[str, bool]]:
        """Yield the shown part of each span, and whether it is stable."""
        if self._cut:
            yield _CUT, False
        start = 0
        for span in self._spans:
            yield span.text[max(0, self._cut - start) :], span.stable
            start += len(span.text)

    def _laid(self, text: str, ranges: Sequence[QTextLayout.FormatRange] = ()) -> QTextLayout:
        layout = lay_out(text, self._font, self._width, formats=ranges)
        for number in range(layout.lineCount()):
            layout.lineAt(number).setPosition(QPointF(0, number * spacing(self._font)))
        return layout


def spacing(font: QFont) -> float:
    """Return the distance between baselines, with extra leading, because Han characters fill the line height."""
    return QFontMetricsF(font).lineSpacing() * _AIR


def _text_range(start: int, length: int, colour: QColor, *, dotted: bool) -> QTextLayout.FormatRange:
    text_format = QTextCharFormat()
    text_format.setForeground(colour)
    if dotted:
        text_format.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
    made = QTextLayout.FormatRange()
    made.start, made.length, made.format = start, length, text_format
    return made


def units(text: str) -> int:
    """Return the length of ``text`` in UTF-16 units, as Qt counts."""
    return len(text.encode("utf-16-le", _ANY)) // 2


def split_units(text: str, place: int) -> tuple[str, str]:
    """Split a text after ``place`` UTF-16 units."""
    coded = text.encode("utf-16-le", _ANY)
    return coded[: 2 * place].decode("utf-16-le", _ANY), coded[2 * place :].decode("utf-16-le", _ANY)
