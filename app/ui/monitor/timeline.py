"""Timeline of the last utterances: rows on a common time scale, an axis and a legend."""

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QFontMetricsF, QPaintEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.monitoring.view import UtteranceRow, UtteranceStage
from app.ui.monitor.timeline_row import Measures, RowFocus, TimeScale, TimelineRow, paint_part, scale_of
from app.ui.monitor.wording import seconds_text
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SPACING, Theme, font
from app.ui.widgets.basic import paint_line, paint_text, refresh_with, smooth_painter
from app.ui.widgets.parts import room, vertical

MOST: Final = 24


class TimelineAxis(QWidget):
    """Axis labels above the bars."""

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__(sizePolicy=QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed))
        self._theme, self._texts = theme, texts
        self._measures, self._scale = Measures(texts), TimeScale()

    def show_scale(self, measures: Measures, scale: TimeScale) -> None:
        """Show this scale; repaint only if it changed."""
        if measures is not self._measures or scale != self._scale:
            self._measures, self._scale = measures, scale
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Return the height of a small line of text and its ticks."""
        return QSize(SPACING.huge * 8, round(self._measures.small) + SPACING.small)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint labels and ticks at the last word, half of the scale and its end."""
        painter, measures, width = QPainter(self), self._measures, float(self.width())
        bottom = float(self.height())
        for part in (0.0, 0.5, 1.0):
            seconds = self._scale.after_s * part
            x = round(measures.after(width, self._scale, seconds)) + 0.5
            said = seconds_text(self._texts, seconds) if part else self._texts("monitor.last-word")
            across = QFontMetrics(measures.caption).horizontalAdvance(said) + 2.0
            place = QRectF(min(x - across / 2, width - across), 0, across, measures.small)
            paint_text(painter, place, said, measures.caption, self._theme.colour("muted"))
            paint_line(
                painter, QPointF(x, measures.small + 1), QPointF(x, bottom - 1), self._theme.colour("edge")
            )


class Legend(QWidget):
    """Legend of the bar forms, wrapped to as many lines as needed."""

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
        said = ("monitor.spoken", "monitor.on-the-way", "monitor.waited", "monitor.decoded", "monitor.inserted")
        forms = (None, UtteranceStage.SENT, UtteranceStage.QUEUED, UtteranceStage.DECODED, UtteranceStage.INSERTED)
        self._forms = tuple((form, self._texts(key)) for form, key in zip(forms, said, strict=True))
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
        """Paint each form with its word, one after the other."""
        painter, look = smooth_painter(self), font(SCALE.caption)
        high = round(QFontMetrics(look).ascent() * 0.8)
        for (form, word), place in zip(self._forms, self._places(self.width()), strict=True):
            swatch = QRectF(place.left(), round(place.center().y() - high / 2), SPACING.wide, high)
            paint_part(painter, self._theme, form, swatch)
            beside = place.adjusted(SPACING.wide + SPACING.small, 0, 0, 0)
            paint_text(painter, beside, word, look, self._theme.colour("muted"))

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
        self._moved = RowFocus()
        self._measures = Measures(texts)
        self._shown: tuple[UtteranceRow, ...] = ()
        self.legend, self.axis = Legend(theme, texts), TimelineAxis(theme, texts)
        self._column = vertical(self.legend, room(SPACING.small), self.axis, within=self, gap=0)
        refresh_with(self.refresh, texts, theme)

    @property
    def rows(self) -> list[TimelineRow]:
        """Visible rows, newest first."""
        return self._moved.rows[: len(self._shown)]

    def show_utterances(self, rows: tuple[UtteranceRow, ...]) -> None:
        """Show these utterances; the focus moves with its utterance."""
        shown = rows[:MOST]
        focused = next((row.row for row in self.rows if row.hasFocus()), None)
        scale = scale_of(shown)
        self.axis.show_scale(self._measures, scale)
        while len(self._moved.rows) < len(shown):
            self._add_row()
        if len(shown) != len(self._shown):
            for number, row in enumerate(self._moved.rows):
                row.setVisible(number < len(shown))
        self._shown = shown
        for row, utterance in zip(self._moved.rows, shown, strict=False):
            row.show_row(utterance, self._measures, scale)
        if focused:
            self._follow(focused)

    def refresh(self) -> None:
        """Update all rows to the current language, font and colours."""
        self._measures = Measures(self._texts)
        self.show_utterances(self._shown)

    def _add_row(self) -> None:
        row = TimelineRow(self._theme, self._texts, self._moved)
        first = not self._moved.rows
        row.setFocusPolicy(Qt.FocusPolicy.StrongFocus if first else Qt.FocusPolicy.ClickFocus)
        row.setFixedHeight(self._measures.height)
        self._moved.rows.append(row)
        self._column.addWidget(row)

    def _follow(self, focused: UtteranceRow) -> None:
        key = (focused.session, focused.segment)
        row = next((row for row in self.rows if row.row and (row.row.session, row.row.segment) == key), None)
        if row is not None and not row.hasFocus():
            row.setFocus(Qt.FocusReason.OtherFocusReason)
