"""Small charts of figures: a value over the last ten minutes, or the p50 and p95 of a stage."""

from collections.abc import Iterator, Sequence
from math import isnan
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPaintEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.monitoring.view import Curve
from app.ui.theme.theme import SPACING, Theme, font
from app.ui.widgets.basic import paint_line, paint_round, smooth_painter

_LINE: Final = 1.5
_ROOM: Final = 1.12
"""Factor that keeps the peak below the top."""


class CurveView(QWidget):
    """Line chart over a soft area, with holes where values are unknown.

    ``floor``: lower peaks do not fill the height.
    """

    def __init__(self, theme: Theme, floor: float, lines: float = 2.4) -> None:
        super().__init__(sizePolicy=QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed))
        self._theme, self._floor = theme, floor
        self._values: tuple[float, ...] = ()
        self._height = round(QFontMetrics(font()).height() * lines)
        self.setMinimumWidth(SPACING.huge * 2)

    def show_curve(self, curve: Curve) -> None:
        """Show ``curve``; repaint only if its values changed."""
        if curve.values != self._values:
            self._values = curve.values
            self.update()

    def sizeHint(self) -> QSize:
        """Return a height of a few lines of text."""
        return QSize(SPACING.huge * 4, self._height)

    def minimumSizeHint(self) -> QSize:
        """Return the same height with a small width."""
        return QSize(SPACING.huge * 2, self._height)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the base line and each stretch of known values."""
        painter = smooth_painter(self)
        bottom = self.height() - 0.5
        paint_line(painter, QPointF(0, bottom), QPointF(self.width(), bottom), self._theme.colour("line"))
        top = max(self._floor, peak(self._values)) * _ROOM
        for stretch in stretches(self._values):
            self._paint(painter, points(stretch, self._values, QRectF(0, 0, self.width(), bottom), top), bottom)

    def _paint(self, painter: QPainter, line: QPolygonF, bottom: float) -> None:
        area = QPolygonF(line)
        area.append(QPointF(line.last().x(), bottom))
        area.append(QPointF(line.first().x(), bottom))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("accent_soft"))
        painter.drawPolygon(area)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._theme.colour("accent"), _LINE, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPolyline(line)


class RangeBar(QWidget):
    """Bar up to the p50 and whisker up to the p95, on the scale of its list."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(sizePolicy=QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed))
        self._theme = theme
        self._half = self._most = 0.0
        self.setFixedHeight(QFontMetrics(font()).height())

    def show_parts(self, half: float, most: float) -> None:
        """Show both values as fractions of the scale, 0 to 1."""
        if (half, most) != (self._half, self._most):
            self._half, self._most = half, most
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the whisker and the bar, from the left."""
        painter = smooth_painter(self)
        width, middle, high = self.width() - 2.0, self.height() / 2, self.height() * 0.4
        end = 1 + max(0.5, self._most * width)
        edge = self._theme.colour("edge")
        paint_line(painter, QPointF(1, middle), QPointF(end, middle), edge, _LINE)
        paint_line(painter, QPointF(end, middle - high / 2), QPointF(end, middle + high / 2), edge, _LINE)
        bar = QRectF(1, middle - high / 2, max(2.0, self._half * width), high)
        paint_round(painter, bar, 2, self._theme.colour("accent"))


def peak(values: Sequence[float]) -> float:
    """Return the greatest known value; 0 if no value is known. Pure."""
    return max((value for value in values if not isnan(value)), default=0.0)


def stretches(values: Sequence[float]) -> Iterator[range]:
    """Yield the index ranges of consecutive known values. Pure."""
    begin: int | None = None
    for place, value in enumerate(values):
        if isnan(value):
            if begin is not None:
                yield range(begin, place)
            begin = None
        elif begin is None:
            begin = place
    if begin is not None:
        yield range(begin, len(values))


def points(stretch: range, values: Sequence[float], place: QRectF, top: float) -> QPolygonF:
    """Return a stretch of values as a line within ``place``. Pure.

    Inner points of level runs are left out. A single value becomes a level line of one step.
    """
    step = place.width() / max(1, len(values) - 1)
    line = QPolygonF()
    for number in stretch:
        inner = stretch.start < number < stretch.stop - 1
        if inner and values[number - 1] == values[number] == values[number + 1]:
            continue
        line.append(QPointF(number * step, place.bottom() - values[number] / top * place.height()))
    if len(stretch) == 1:
        line.append(line.first() - QPointF(step, 0))
    return line
