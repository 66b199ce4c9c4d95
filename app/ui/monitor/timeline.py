"""Timeline of the last utterances: rows on a common time scale, an axis and a legend.

A row has state, time, a bar of its stages, their description, and the total. Speech lies before the last word, all
other time after it, each on a scale of its own. Stages can be told apart without colour: speech is pale, network
time a thin line, waiting hatched, recognition solid, insertion hollow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QBrush,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QFontMetricsF,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.core.states import State
from app.monitoring.utterances import percentile
from app.monitoring.view import UtteranceRow, UtteranceStage
from app.ui.monitor.wording import NOTHING, row_text, seconds_text, stages_text, time_text, who_text
from app.ui.strings.texts import Texts, state_text
from app.ui.theme import icons
from app.ui.theme.theme import RADII, SCALE, SPACING, Theme, font
from app.ui.widgets.basic import paint_focus, paint_line, paint_round, paint_text, refresh_with, smooth_painter
from app.ui.widgets.panels import bring_into_sight
from app.ui.widgets.parts import room, tool_tip, vertical

_SPOKEN_PART: Final = 0.26  # share of the bar's width
_LONGEST_SPOKEN_S: Final = 30.0
_SHORTEST_SPOKEN_S: Final = 5.0
_NICE_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 3600.0)
_NEARLY_ALL: Final = 90.0


@dataclass(frozen=True)
class TimeScale:
    """Seconds that the bar represents before the last word (``before_s``) and after it (``after_s``)."""

    before_s: float = _SHORTEST_SPOKEN_S
    after_s: float = 1.0


def scale_of(rows: Sequence[UtteranceRow]) -> TimeScale:
    """Return a scale that fits 90 % of the rows, so that a few slow ones do not compress the others. Pure."""
    spoken = max((row.spoken_s for row in rows), default=0.0)
    totals = sorted(row.total_s for row in rows)
    most = percentile(totals, _NEARLY_ALL) if totals else 0.0
    after = next((nice for nice in _NICE_S if nice >= most), _NICE_S[-1])
    return TimeScale(min(_LONGEST_SPOKEN_S, max(_SHORTEST_SPOKEN_S, spoken)), after)


class RowMeasures:
    """Positions and sizes of the parts of a row at the current font."""

    def __init__(self, texts: Texts) -> None:
        self.body, self.caption = font(SCALE.body), font(SCALE.caption)
        self.strong = font(SCALE.body, QFont.Weight.DemiBold)
        body, caption = QFontMetricsF(self.body), QFontMetricsF(self.caption)
        self.line, self.small = body.height(), caption.height()
        self.side = round(body.ascent())
        states = max(caption.horizontalAdvance(state_text(texts, state)) for state in State)
        whos = max(caption.horizontalAdvance(text) for text in (texts("monitor.own"), other_session_text(texts)))
        words = max(body.horizontalAdvance("00:00:00"), states + whos + caption.horizontalAdvance(" · "))
        self.left = self.side + SPACING.medium + words + SPACING.large
        totals = (seconds_text(texts, seconds) for seconds in (0.888, 58.0, 88.0))
        self.right = max(QFontMetricsF(self.strong).horizontalAdvance(total) for total in totals) + SPACING.large
        self.height = round(self.line + self.small + SPACING.hair + 2 * SPACING.small)

    def zero(self, width: float) -> float:
        """Return the x position of the last word."""
        return self.left + self.room(width) * _SPOKEN_PART

    def room(self, width: float) -> float:
        """Return the width available to the bar."""
        return max(1.0, width - self.left - self.right)

    def spoken(self, width: float, scale: TimeScale, seconds: float) -> float:
        """Return the width of this duration of speech."""
        return self.room(width) * _SPOKEN_PART * min(1.0, seconds / scale.before_s)

    def after(self, width: float, scale: TimeScale, seconds: float) -> float:
        """Return the x position of a time after the last word, at most the end of the bar."""
        room = self.room(width) * (1 - _SPOKEN_PART)
        return self.zero(width) + room * min(1.0, seconds / scale.after_s)


def other_session_text(texts: Texts) -> str:
    """Return a sample label of another session, for measuring."""
    return texts("monitor.somebody", session="0000")


def paint_part(painter: QPainter, theme: Theme, stage: UtteranceStage | None, place: QRectF) -> None:
    """Paint part of a bar in the style of its stage; ``None`` is speech."""
    painter.setPen(Qt.PenStyle.NoPen)
    thin = place.adjusted(0, place.height() * 0.38, 0, -place.height() * 0.38)
    match stage:
        case None:
            outline = place.adjusted(0.5, 0.5, -0.5, -0.5)
            paint_round(painter, outline, 3, theme.colour("accent_soft"), theme.colour("edge"))
        case UtteranceStage.SENT | UtteranceStage.DELIVERED:
            painter.setBrush(theme.colour("edge"))
            painter.drawRect(thin)
        case UtteranceStage.QUEUED:
            painter.setBrush(QBrush(theme.colour("warning"), Qt.BrushStyle.BDiagPattern))
            painter.setPen(QPen(theme.colour("warning"), 1))
            painter.drawRect(place.adjusted(0.5, 0.5, -0.5, -0.5))
        case UtteranceStage.INSERTED:
            outline = place.adjusted(0.75, 0.75, -0.75, -0.75)
            paint_round(painter, outline, 3, theme.colour("surface"), theme.colour("accent"), 1.5)
        case _:
            paint_round(painter, place, 3, theme.colour("accent"))


_LEAST: Final = 2.0
_RIGHT: Final = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


class TimelineRow(QWidget):
    """Row of one utterance, painted as a single widget; its accessible name contains all values."""

    def __init__(self, theme: Theme, texts: Texts, row_focus: "RowFocus") -> None:
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        super().__init__(sizePolicy=policy, focusPolicy=Qt.FocusPolicy.ClickFocus)
        self._theme, self._texts, self._row_focus = theme, texts, row_focus
        self.row: UtteranceRow | None = None
        self._measures, self._scale = RowMeasures(texts), TimeScale()

    def show_row(self, row: UtteranceRow, measures: RowMeasures, scale: TimeScale) -> None:
        """Show an utterance; repaint only if something visible changed."""
        if (row, measures, scale) == (self.row, self._measures, self._scale):
            return
        if measures is not self._measures:
            self.setFixedHeight(measures.height)
        self.row, self._measures, self._scale = row, measures, scale
        self.setAccessibleName(row_text(self._texts, row))
        self.setToolTip(tool_tip(stages_text(self._texts, row)))
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Make this row the tab stop, and scroll to it unless it was clicked."""
        self._row_focus.took_focus(self)
        if event.reason() is not Qt.FocusReason.MouseFocusReason:
            bring_into_sight(self)
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the focus with the up, down, Home and End keys."""
        if not self._row_focus.handle_key(self, event.key()):
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint state, time, bar, description and total."""
        if self.row is None:
            return
        painter, measures = smooth_painter(self), self._measures
        self._paint_words(painter, self.row, measures)
        self._paint_bar(painter, self.row, measures)
        paint_focus(painter, self, self._theme, RADII.small)

    def _paint_words(self, painter: QPainter, row: UtteranceRow, measures: RowMeasures) -> None:
        top, low = float(SPACING.small), SPACING.small + measures.line + SPACING.hair
        side, width = measures.side, float(self.width())
        mark = QRectF(SPACING.small, top + (measures.line - side) / 2, side, side)
        icons.draw(painter, row.state.value, mark, self._theme.state_colour(row.state))
        begin = mark.right() + SPACING.medium
        across = width - measures.left - SPACING.small
        total = seconds_text(self._texts, row.total_s) if row.total_s else NOTHING
        who = f"{who_text(self._texts, row)} · {state_text(self._texts, row.state)}"
        story = self._stages_that_fit(row, QFontMetricsF(measures.caption), across)
        text, muted, caption = self._theme.colour("text"), self._theme.colour("muted"), measures.caption
        place = QRectF(begin, top, measures.left, measures.line)
        paint_text(painter, place, time_text(row), measures.body, text)
        place = QRectF(width - measures.right, top, measures.right - SPACING.small, measures.line)
        total_font, ink = (measures.strong, text) if row.over else (measures.body, muted)
        paint_text(painter, place, total, total_font, ink, _RIGHT)
        paint_text(painter, QRectF(begin, low, measures.left, measures.small), who, caption, muted)
        paint_text(painter, QRectF(measures.left, low, across, measures.small), story, caption, muted)

    def _stages_that_fit(self, row: UtteranceRow, metrics: QFontMetricsF, across: float) -> str:
        """Return as much of the description as fits; the tool tip has all of it."""
        story = stages_text(self._texts, row)
        if metrics.horizontalAdvance(story) > across:
            story = stages_text(self._texts, row, short=True)
        return metrics.elidedText(story, Qt.TextElideMode.ElideRight, across)

    def _paint_bar(self, painter: QPainter, row: UtteranceRow, measures: RowMeasures) -> None:
        width, scale = float(self.width()), self._scale
        high = round(measures.line * 0.6)
        top = SPACING.small + round((measures.line - high) / 2)
        zero = measures.zero(width)
        if row.spoken_s:
            spoken = max(_LEAST, measures.spoken(width, scale, row.spoken_s))
            paint_part(painter, self._theme, None, QRectF(zero - spoken, top, spoken, high))
        at = partial(measures.after, width, scale)
        for span in row.spans:
            if span.end_s > span.start_s:
                begin, end = at(span.start_s), at(span.end_s)
                paint_part(painter, self._theme, span.stage, QRectF(begin, top, max(_LEAST, end - begin), high))
        above, below = QPointF(round(zero) + 0.5, top - 2), QPointF(round(zero) + 0.5, top + high + 2)
        paint_line(painter, above, below, self._theme.colour("text"))
        if row.total_s > scale.after_s:
            self._paint_beyond(painter, at(scale.after_s), top, high)

    def _paint_beyond(self, painter: QPainter, x: float, top: float, high: float) -> None:
        """Paint a break at the end of a bar that exceeds the scale."""
        for left in (x - 8.0, x - 13.0):
            end = QPointF(left + high / 3, top + high + 1)
            paint_line(painter, QPointF(left, top - 1), end, self._theme.colour("surface"), 2)


class RowFocus:
    """Keyboard focus among the rows: a single row is the tab stop, and arrow keys move the focus."""

    def __init__(self) -> None:
        self.rows: list[TimelineRow] = []

    def took_focus(self, row: TimelineRow) -> None:
        """Make this row the only tab stop."""
        for each in self.rows:
            each.setFocusPolicy(Qt.FocusPolicy.StrongFocus if each is row else Qt.FocusPolicy.ClickFocus)

    def handle_key(self, row: TimelineRow, key: int) -> bool:
        """Move the focus if the key is an arrow, Home or End; return whether it is."""
        there = [each for each in self.rows if each.isVisible()]
        place = there.index(row)
        to = {
            Qt.Key.Key_Up: max(0, place - 1),
            Qt.Key.Key_Down: min(len(there) - 1, place + 1),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: len(there) - 1,
        }.get(Qt.Key(key))
        if to is not None:
            there[to].setFocus(Qt.FocusReason.OtherFocusReason)
        return to is not None


MOST: Final = 24


class TimelineAxis(QWidget):
    """Axis labels above the bars."""

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__(sizePolicy=QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed))
        self._theme, self._texts = theme, texts
        self._measures, self._scale = RowMeasures(texts), TimeScale()

    def show_scale(self, measures: RowMeasures, scale: TimeScale) -> None:
        """Show this scale; repaint only if it changed."""
        if measures is not self._measures or scale != self._scale:
            self._measures, self._scale = measures, scale
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Return the height of the labels and ticks."""
        return QSize(SPACING.huge * 8, round(self._measures.small) + SPACING.small)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint labels and ticks at the last word, and at the middle and the end of the scale."""
        painter, measures, width = QPainter(self), self._measures, float(self.width())
        bottom = float(self.height())
        for part in (0.0, 0.5, 1.0):
            seconds = self._scale.after_s * part
            x = round(measures.after(width, self._scale, seconds)) + 0.5
            text = seconds_text(self._texts, seconds) if part else self._texts("monitor.last-word")
            across = QFontMetrics(measures.caption).horizontalAdvance(text) + 2.0
            place = QRectF(min(x - across / 2, width - across), 0, across, measures.small)
            paint_text(painter, place, text, measures.caption, self._theme.colour("muted"))
            paint_line(painter, QPointF(x, measures.small + 1), QPointF(x, bottom - 1), self._theme.colour("edge"))


class Legend(QWidget):
    """Legend of the bar styles, wrapped to as many lines as needed."""

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__()
        self._theme, self._texts = theme, texts
        self._forms: tuple[tuple[UtteranceStage | None, str], ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        refresh_with(self.refresh, texts, theme)

    def refresh(self) -> None:
        """Update the words to the current language."""
        keys = ("monitor.spoken", "monitor.on-the-way", "monitor.waited", "monitor.decoded", "monitor.inserted")
        forms = (None, UtteranceStage.SENT, UtteranceStage.QUEUED, UtteranceStage.DECODED, UtteranceStage.INSERTED)
        self._forms = tuple((form, self._texts(key)) for form, key in zip(forms, keys, strict=True))
        self.setAccessibleName(", ".join(word for _, word in self._forms))
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        """Return True, because the legend wraps."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of the wrapped legend."""
        return round(self._places(width)[-1].bottom())

    def sizeHint(self) -> QSize:
        """Return the height of a single line."""
        return QSize(SPACING.huge * 8, self.heightForWidth(10_000))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint each style, followed by its word."""
        painter, text_font = smooth_painter(self), font(SCALE.caption)
        high = round(QFontMetrics(text_font).ascent() * 0.8)
        for (form, word), place in zip(self._forms, self._places(self.width()), strict=True):
            swatch = QRectF(place.left(), round(place.center().y() - high / 2), SPACING.wide, high)
            paint_part(painter, self._theme, form, swatch)
            beside = place.adjusted(SPACING.wide + SPACING.small, 0, 0, 0)
            paint_text(painter, beside, word, text_font, self._theme.colour("muted"))

    def _places(self, width: float) -> list[QRectF]:
        metrics = QFontMetricsF(font(SCALE.caption))
        x = y = 0.0
        places = []
        for _, word in self._forms:
            across = SPACING.wide + SPACING.small + metrics.horizontalAdvance(word) + 1
            if x and x + across > width:
                x, y = 0.0, y + metrics.height() + SPACING.hair
            places.append(QRectF(x, y, across, metrics.height()))
            x += across + SPACING.large
        return places


class TimelineView(QWidget):
    """Last utterances, newest first, on a common scale."""

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__()
        self._theme, self._texts = theme, texts
        self._row_focus = RowFocus()
        self._measures = RowMeasures(texts)
        self._shown: tuple[UtteranceRow, ...] = ()
        self.legend, self.axis = Legend(theme, texts), TimelineAxis(theme, texts)
        self._column = vertical(self.legend, room(SPACING.small), self.axis, within=self, gap=0)
        refresh_with(self.refresh, texts, theme)

    @property
    def rows(self) -> list[TimelineRow]:
        """Visible rows, newest first."""
        return self._row_focus.rows[: len(self._shown)]

    def show_utterances(self, rows: tuple[UtteranceRow, ...]) -> None:
        """Show these utterances; the focus follows the utterance that has it."""
        shown = rows[:MOST]
        focused = next((row.row for row in self.rows if row.hasFocus()), None)
        scale = scale_of(shown)
        self.axis.show_scale(self._measures, scale)
        while len(self._row_focus.rows) < len(shown):
            self._add_row()
        if len(shown) != len(self._shown):
            for number, row in enumerate(self._row_focus.rows):
                row.setVisible(number < len(shown))
        self._shown = shown
        if self.rows and not any(row.focusPolicy() & Qt.FocusPolicy.TabFocus for row in self.rows):
            self._row_focus.took_focus(self.rows[0])  # there is no visible tab stop
        for row, utterance in zip(self._row_focus.rows, shown, strict=False):
            row.show_row(utterance, self._measures, scale)
        if focused:
            self._follow(focused)

    def refresh(self) -> None:
        """Update all rows to the current language, font and colours."""
        self._measures = RowMeasures(self._texts)
        self.show_utterances(self._shown)

    def _add_row(self) -> None:
        row = TimelineRow(self._theme, self._texts, self._row_focus)
        row.setFixedHeight(self._measures.height)
        self._row_focus.rows.append(row)
        self._column.addWidget(row)

    def _follow(self, focused: UtteranceRow) -> None:
        key = (focused.session, focused.segment)
        row = next((row for row in self.rows if row.row and (row.row.session, row.row.segment) == key), None)
        if row is not None and not row.hasFocus():
            row.setFocus(Qt.FocusReason.OtherFocusReason)
