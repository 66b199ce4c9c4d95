"""Paint the rows of the timeline: days, and takes with two lines of text, time, length and program."""

from enum import StrEnum
from functools import partial
from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QTextCharFormat, QTextLayout
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.core.states import State
from app.history.index import IndexRow
from app.history.search_terms import excerpt
from app.ui.dictation.live_lines import lay_out, split_units, units
from app.ui.home.timeline_model import (
    TimelineModel,
    day_text,
    details_text,
    state_chip_text,
    state_of,
    take_text,
    time_text,
)
from app.ui.strings.texts import Texts
from app.ui.theme import icons
from app.ui.theme.theme import CONTENT_WIDTH, RADII, SCALE, SPACING, Theme, font
from app.ui.widgets.basic import UNCLIPPED, paint_icon, paint_ring, paint_round, paint_text
from protocol.words import Excerpt

LINES: Final = 2
_ICONS: Final = {"play": "resume", "copy": "copy", "recover": "recover"}
_LENGTHS: Final = (240, 160, 110, 75, 50, 35, 25, 15)
"""Lengths of the excerpt to try, in characters, until the search hit is within the visible lines."""
_ELISION: Final = 3  # characters that the ellipsis may replace
_ANY_WIDTH: Final = 1_000.0
_LETTERS: Final = "Ág骨"


class RowButton(StrEnum):
    """Button that a row shows under the pointer; ``RECOVER`` is always shown."""

    PLAY = "play"
    COPY = "copy"
    RECOVER = "recover"


class TakeDelegate(QStyledItemDelegate):
    """Painter of the timeline's rows in a centred column; all takes have the same height."""

    def __init__(self, theme: Theme, texts: Texts, model: TimelineModel) -> None:
        super().__init__()
        self._theme, self._texts, self._model = theme, texts, model
        self.query = ""
        self.opened: int | None = None

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint a day or a take, except the open take, which has a widget of its own."""
        row = index.row()
        if row == self.opened or row == 0:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = column(option.rect)
        if day := self._model.day(row):
            self._paint_day(painter, place, day_text(self._texts, day))
        else:
            self._paint_card(painter, place, option.state, row)
            self._paint_row(painter, option.rect, option.state, self._model.take(row))
        painter.restore()

    def buttons(self, rect: QRect, take: IndexRow) -> dict[RowButton, QRect]:
        """Return the rectangles of a take's buttons in the row at ``rect``: at most two."""
        side = 2 * SPACING.small + round(QFontMetricsF(font()).ascent())
        place = column(rect).toRect()
        last = [RowButton.RECOVER] if state_of(take) in _RECOVERED else [RowButton.COPY] * bool(take.text)
        shown = [RowButton.PLAY] * (take.seconds > 0) + last
        right = place.right() - SPACING.small - (side + SPACING.hair) * len(shown) + SPACING.hair
        top = place.center().y() - side // 2
        return {one: QRect(right + n * (side + SPACING.hair), top, side, side) for n, one in enumerate(shown)}

    def _paint_day(self, painter: QPainter, place: QRectF, name: str) -> None:
        text_font = font(SCALE.caption, QFont.Weight.DemiBold)
        line = place.adjusted(SPACING.medium, place.height() - line_height(SCALE.caption) - SPACING.small, 0, 0)
        top = Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextDontClip
        paint_text(painter, line, name, text_font, self._theme.colour("muted"), top)

    def _paint_card(self, painter: QPainter, place: QRectF, state: QStyle.StateFlag, row: int) -> None:
        """Paint the background, which joins the takes of a day to one card."""
        above, below = (self._model.key(one) is None or one == self.opened for one in (row - 1, row + 1))
        chosen, over = bool(state & _SELECTED), bool(state & _OVER)
        whole = place.adjusted(
            0.5, 0.5 if above else -2.0 * RADII.medium, -0.5, -0.5 if below else 2.0 * RADII.medium
        )
        painter.save()
        painter.setClipRect(place)
        paint_round(
            painter,
            whole,
            RADII.medium,
            self._theme.colour("accent_soft" if chosen else "sunken" if over else "surface"),
            self._theme.colour("line"),
        )
        if not below:
            y = place.bottom() - 0.5
            painter.drawLine(QPointF(place.left() + SPACING.medium, y), QPointF(place.right() - SPACING.medium, y))
        painter.restore()
        if chosen:
            painter.fillRect(
                place.adjusted(1, RADII.medium, 3 - place.width(), -RADII.medium), self._theme.colour("accent")
            )

    def _paint_row(self, painter: QPainter, rect: QRect, state: QStyle.StateFlag, take: IndexRow | None) -> None:
        place = column(rect)
        over, focused = bool(state & _OVER), bool(state & QStyle.StateFlag.State_HasFocus)
        if focused:
            paint_ring(painter, place, self._theme.colour("accent"), RADII.medium)
        inside = place.adjusted(SPACING.medium, SPACING.small, -SPACING.medium, -SPACING.small)
        if take is None:
            self._paint_placeholder(painter, self._words_place(inside))
            return
        self._paint_take(painter, inside, take)
        for button, spot in self.buttons(rect, take).items():
            if not (over or focused or button is RowButton.RECOVER):
                continue
            around, inset = QRectF(spot), float(SPACING.small)
            paint_round(
                painter,
                around.adjusted(0.5, 0.5, -0.5, -0.5),
                RADII.small,
                self._theme.colour("surface"),
                self._theme.colour("edge"),
            )
            mark = around.adjusted(inset, inset, -inset, -inset)
            icons.draw(painter, _ICONS[button], mark, self._theme.colour("text"))

    def _paint_placeholder(self, painter: QPainter, words: QRectF) -> None:
        """Paint bars in place of lines that are not loaded yet."""
        height = QFontMetricsF(font()).ascent() / 2
        for number, part in enumerate((0.9, 0.6)):
            at = words.top() + number * QFontMetricsF(font()).lineSpacing() + height / 2
            bar = QRectF(words.left(), at, words.width() * part, height)
            paint_round(painter, bar, height / 2, self._theme.colour("line"))

    def _words_place(self, inside: QRectF) -> QRectF:
        time = QFontMetricsF(font(SCALE.caption)).horizontalAdvance("00:00") + SPACING.large
        room = 2 * (SPACING.small + SPACING.medium + QFontMetricsF(font()).ascent())
        return inside.adjusted(time, 0, -room, 0)

    def _paint_take(self, painter: QPainter, inside: QRectF, take: IndexRow) -> None:
        words, small = self._words_place(inside), line_height(SCALE.caption)
        query = self.query if take.text else ""
        layout = words_layout(self._theme, take_text(self._texts, take), query, words.width())
        lines = min(layout.lineCount(), LINES) * line_height(SCALE.body)
        top = inside.top() + (inside.height() - lines - SPACING.hair - small) / 2
        painter.setPen(self._theme.colour("text" if take.text else "muted"))
        layout.draw(painter, QPointF(words.left(), top))
        first = QRectF(inside.left(), top, words.left() - inside.left(), line_height(SCALE.body))
        paint_text(painter, first, time_text(take), font(SCALE.caption), self._theme.colour("muted"), UNCLIPPED)
        below = QRectF(words.left(), top + lines + SPACING.hair, words.width(), small)
        self._paint_details(painter, below, take)

    def _paint_details(self, painter: QPainter, place: QRectF, take: IndexRow) -> None:
        """Paint the state if it is unusual, then length and program."""
        text_font, muted = font(SCALE.caption), self._theme.colour("muted")
        metrics = QFontMetricsF(text_font)
        if word := state_chip_text(self._texts, take):
            state = state_of(take)
            colour = self._theme.colour("warning") if state in _NOTICED else muted
            side = metrics.ascent()
            paint_icon(painter, state.value, place.left(), place.center().y(), side, colour)
            place = place.adjusted(side + SPACING.hair, 0, 0, 0)
            paint_text(painter, place, word, text_font, colour, UNCLIPPED)
            place = place.adjusted(metrics.horizontalAdvance(word) + SPACING.medium, 0, 0, 0)
        shown = metrics.elidedText(details_text(self._texts, take), Qt.TextElideMode.ElideRight, place.width())
        paint_text(painter, place, shown, text_font, muted, UNCLIPPED)


_SELECTED: Final = QStyle.StateFlag.State_Selected
_OVER: Final = QStyle.StateFlag.State_MouseOver
_RECOVERED: Final = frozenset({State.FAILED, State.DAMAGED})
_NOTICED: Final = _RECOVERED | {State.HELD}


def column(rect: QRect) -> QRectF:
    """Return the centred column of a rectangle: at most ``CONTENT_WIDTH`` wide, with margins."""
    across = min(CONTENT_WIDTH, rect.width() - 2 * SPACING.wide)
    return QRectF(rect.left() + (rect.width() - across) // 2, rect.top(), across, rect.height())


def row_height() -> int:
    """Return the height of a take: two lines of text and its details."""
    text = LINES * line_height(SCALE.body) + line_height(SCALE.caption)
    return round(text) + SPACING.hair + 2 * SPACING.small + 2


def day_height() -> int:
    """Return the height of the row that names a day."""
    return round(line_height(SCALE.caption)) + SPACING.small + SPACING.large


def mark_format(theme: Theme) -> QTextCharFormat:
    """Return the text format of search hits and spoken words."""
    made, (ground, ink) = QTextCharFormat(), theme.mark_colours
    made.setBackground(ground)
    made.setForeground(ink)
    made.setFontUnderline(True)
    return made


def line_height(size: float) -> float:
    """Return the height of a line at this font size; Han characters are higher than Latin in some fonts."""
    layout = lay_out(_LETTERS, font(size), _ANY_WIDTH)  # must outlive its lines
    return layout.lineAt(0).height()


def words_layout(theme: Theme, text: str, query: str, width: float) -> QTextLayout:
    """Return the layout of a text that shows its first search hit within ``LINES`` lines."""
    for most in _LENGTHS[:-1]:
        layout, is_shown = _lines(theme, excerpt(text, query, most), width)
        if is_shown:
            return layout
    return _lines(theme, excerpt(text, query, _LENGTHS[-1]), width)[0]


def _lines(theme: Theme, shown: Excerpt, width: float) -> tuple[QTextLayout, bool]:
    """Return the layout, elided after ``LINES`` lines, and whether the first hit is visible."""
    marks = [_format_of_hit(theme, shown, *found) for found in shown.ranges]
    lay_out_marked = partial(lay_out, text_font=font(), width=width, most=LINES + 1, formats=marks)
    layout = lay_out_marked(shown.text)
    if layout.lineCount() <= LINES:
        return layout, True
    end = marks[0].start + marks[0].length if marks else 0
    is_shown = end + _ELISION < layout.lineAt(LINES).textStart()
    return lay_out_marked(shortened(shown.text, layout.lineAt(LINES - 1).textStart(), width)), is_shown


def _format_of_hit(theme: Theme, shown: Excerpt, first: int, last: int) -> QTextLayout.FormatRange:
    """Return the format range of one search hit.

    ``first`` and ``last`` count code points; the result counts UTF-16 units, as Qt does.
    """
    made = QTextLayout.FormatRange()
    made.start = units(shown.text[:first])
    made.length = units(shown.text[first:last])
    made.format = mark_format(theme)
    return made


def shortened(text: str, start: int, width: float) -> str:
    """Return the text with its last line, from UTF-16 unit ``start`` on, elided to the width."""
    head, tail = split_units(text, start)
    return head + QFontMetricsF(font()).elidedText(tail, Qt.TextElideMode.ElideRight, width - 1)
