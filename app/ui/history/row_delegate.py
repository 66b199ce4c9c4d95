"""Painter of history rows: state icon, two lines of text with search hits marked, and a caption."""

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.history.index import IndexRow
from app.history.search_terms import excerpt
from app.ui.history.wording import caption, state_of, take_text
from app.ui.strings.texts import Texts
from app.ui.theme import icons
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import RADII, SCALE, SPACING, Theme, font
from app.ui.widgets.basic import ring
from protocol.words import Excerpt

LINES: Final = 2
_LONGEST: Final = 240
_GAP: Final = SPACING.hair
_ANY_WIDTH: Final = 1_000.0
_LETTERS: Final = "Ág骨"


class HistoryDelegate(QStyledItemDelegate):
    """Painter of history rows.

    ``row`` returns the take at a place, or ``None`` while it loads. All rows have the same height.
    """

    def __init__(self, theme: Theme, texts: Texts, row: Callable[[int], IndexRow | None]) -> None:
        super().__init__()
        self._theme, self._texts, self._row = theme, texts, row
        self.query = ""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return a height for two lines and the caption."""
        body = QFontMetrics(font())
        text = LINES * line_height(SCALE.body) + line_height(SCALE.caption)
        height = round(text) + SPACING.hair + 2 * SPACING.medium + _GAP
        return QSize(body.averageCharWidth() * 20, height)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw the row as a card.

        A selected card is filled and outlined.
        """
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = QRectF(option.rect).adjusted(1, 1, -1, -1 - _GAP)
        state = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        self._card(painter, place, chosen=chosen)
        if state & QStyle.StateFlag.State_HasFocus:
            ring(painter, place, self._theme.colour("accent"), RADII.medium)
        row = self._row(index.row())
        if row is None:
            self._placeholder(painter, place)
        else:
            self._take(painter, place, row)
        painter.restore()

    def _card(self, painter: QPainter, place: QRectF, *, chosen: bool) -> None:
        painter.setPen(QPen(self._theme.colour("accent" if chosen else "line"), 1))
        painter.setBrush(self._theme.colour("accent_soft" if chosen else "surface"))
        painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), RADII.medium, RADII.medium)

    def _placeholder(self, painter: QPainter, place: QRectF) -> None:
        """Draw bars where the lines will appear."""
        height = float(QFontMetrics(font()).ascent()) / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("line"))
        words = self._words_place(place)
        for number, part in enumerate((0.9, 0.6)):
            at = words.top() + number * QFontMetrics(font()).lineSpacing() + height / 2
            painter.drawRoundedRect(QRectF(words.left(), at, words.width() * part, height), height / 2, height / 2)

    def _words_place(self, place: QRectF) -> QRectF:
        side = QFontMetrics(font()).ascent()
        left = SPACING.medium + side + SPACING.medium
        return place.adjusted(left, SPACING.medium, -SPACING.medium, -SPACING.medium)

    def _take(self, painter: QPainter, place: QRectF, row: IndexRow) -> None:
        state, words = state_of(row), self._words_place(place)
        side = float(QFontMetrics(font()).ascent())
        mark = QRectF(place.left() + SPACING.medium, words.top() + SPACING.hair / 2, side, side)
        icons.draw(painter, state.value, mark, self._theme.state_colour(state))
        said = excerpt(take_text(self._texts, row), self.query if row.text else "", _LONGEST)
        painter.setPen(self._theme.colour("text" if row.text else "muted"))
        self._lines(painter, words, said)
        small, height = QFontMetrics(font(SCALE.caption)), line_height(SCALE.caption)
        below = QRectF(words.left(), words.bottom() - height, words.width(), height)
        painter.setFont(font(SCALE.caption))
        painter.setPen(self._theme.colour("muted"))
        shown = small.elidedText(caption(self._texts, row), Qt.TextElideMode.ElideRight, int(words.width()))
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    def _lines(self, painter: QPainter, words: QRectF, said: Excerpt) -> None:
        """Draw the lines that fit, with an ellipsis if text is left and with search hits marked."""
        marks = [self._mark(said.text, *found) for found in said.ranges]
        layout, ends = laid_out(said.text, words.width(), marks)
        if len(ends) > LINES:
            layout, _ = laid_out(shortened(said.text, ends[LINES - 2], words.width()), words.width(), marks)
        layout.draw(painter, words.topLeft())

    def _mark(self, text: str, first: int, last: int) -> QTextLayout.FormatRange:
        """Return the format of one search hit.

        ``first`` and ``last`` count code points. Qt counts UTF-16 units. The underline makes hits visible
        without colour.
        """
        made = QTextLayout.FormatRange()
        made.start = units(text[:first])
        made.length = units(text[first:last])
        made.format = mark_format(self._theme)
        return made


def mark_format(theme: Theme) -> QTextCharFormat:
    """Return the text format of search hits."""
    made = QTextCharFormat()
    contrast = theme.scheme is Scheme.HIGH_CONTRAST
    made.setBackground(theme.colour("accent" if contrast else "accent_soft"))
    made.setForeground(theme.colour("on_accent" if contrast else "accent_strong"))
    made.setFontUnderline(True)
    return made


def line_height(size: float) -> float:
    """Return the height of a line at this font size.

    Han letters are higher than Latin in some fonts.
    """
    layout = QTextLayout(_LETTERS, font(size))
    layout.beginLayout()
    line = layout.createLine()
    line.setLineWidth(_ANY_WIDTH)
    height = line.height()
    layout.endLayout()
    return height


def laid_out(
    text: str, width: float, marks: Sequence[QTextLayout.FormatRange] = ()
) -> tuple[QTextLayout, list[int]]:
    """Return a layout of at most one line more than is shown, and the end of each line."""
    layout = QTextLayout(text, font())
    layout.setFormats(marks)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    ends: list[int] = []
    height = 0.0
    while len(ends) <= LINES and (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        line.setPosition(QPointF(0, height))
        height += line.height()
        ends.append(line.textStart() + line.textLength())
    layout.endLayout()
    return layout, ends


def shortened(text: str, start: int, width: float) -> str:
    """Return the text with its last line elided to the width.

    ``start``: where the last line starts, in UTF-16 units.
    """
    coded = text.encode("utf-16-le")
    head, tail = coded[: 2 * start].decode("utf-16-le"), coded[2 * start :].decode("utf-16-le")
    return head + QFontMetrics(font()).elidedText(tail, Qt.TextElideMode.ElideRight, int(width) - 1)


def units(text: str) -> int:
    """Return the length of ``text`` in UTF-16 units, as Qt counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
