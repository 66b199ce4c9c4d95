"""Figures of the monitor: charts, values with their last ten minutes, workers, and the latency of each stage."""

from collections.abc import Callable, Iterator, Sequence
from math import isnan
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from app.core.states import State
from app.monitoring.view import Curve, StageFigures, UtteranceStage, WorkerFigures
from app.ui.monitor.wording import (
    NOTHING,
    STAGES,
    bytes_text,
    percent_text,
    seconds_text,
    stage_text,
    worker_counts,
    worker_state,
    worker_text,
)
from app.ui.strings.texts import Texts, joined
from app.ui.theme.theme import SCALE, SPACING, Theme, font
from app.ui.widgets.basic import Shape, paint_line, paint_round, smooth_painter
from app.ui.widgets.panels import Panel
from app.ui.widgets.parts import (
    SPACE,
    aligned,
    fill,
    grid,
    horizontal,
    label,
    remark,
    set_visible,
    stretched,
    vertical,
    worded,
)

_LINE: Final = 1.5
_ROOM: Final = 1.12
"""Height of the chart relative to its peak."""


class CurveView(QWidget):
    """Line chart with a filled area, interrupted where values are unknown.

    ``floor``: minimum value at full height, so that small values look small.
    """

    def __init__(self, theme: Theme, floor: float, lines: float = 2.4) -> None:
        super().__init__(sizePolicy=QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed))
        self._theme, self._floor, self._lines = theme, floor, lines
        self._values: tuple[float, ...] = ()

    def show_curve(self, curve: Curve) -> None:
        """Show ``curve``; repaint only if its values changed."""
        if curve.values != self._values:
            self._values = curve.values
            self.update()

    def sizeHint(self) -> QSize:
        """Return a height of a few lines of text."""
        return QSize(SPACING.huge * 4, round(QFontMetrics(font()).height() * self._lines))

    def minimumSizeHint(self) -> QSize:
        """Return a small width with the same height."""
        return QSize(SPACING.huge * 2, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the base line and each stretch of known values."""
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
    """Bar up to the p50 and whisker up to the p95, on a scale shared with the other rows."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(sizePolicy=QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed))
        self._theme = theme
        self._half = self._most = 0.0

    def sizeHint(self) -> QSize:
        """Return the height of a line of text."""
        return QSize(0, QFontMetrics(font()).height())

    def show_parts(self, half: float, most: float) -> None:
        """Show both values as fractions of the scale, 0 to 1."""
        if (half, most) != (self._half, self._most):
            self._half, self._most = half, most
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the whisker and the bar, from the left."""
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

    Points inside a run of equal values are left out. A single value becomes a horizontal line of one step.
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


_FULL_PERCENT = 100.0
_HALF_GIGABYTE = 5e8


class Gauge(QWidget):
    """Name and value with a curve of the recent values."""

    def __init__(self, theme: Theme, floor: float) -> None:
        super().__init__()
        self.name, self.value = label(size=SCALE.caption, role="muted"), label(size=SCALE.caption, bold=True)
        self.curve = CurveView(theme, floor, lines=1.8)
        row = horizontal(self.name, SPACE, self.value)
        vertical(row, self.curve, within=self, gap=SPACING.hair)

    def show_gauge(self, name: str, value: str, curve: Curve) -> None:
        """Show the current value and its curve."""
        self.name.setText(name)
        self.value.setText(value)
        self.curve.show_curve(curve)


class WorkerCard(Panel):
    """Card of a worker, with curves of its CPU, its GPU if it reports one, and its memory."""

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__(theme)
        self._texts = texts
        self.shape = Shape(theme, State.IDLE)
        self.host, self.state = label(bold=True), label(size=SCALE.caption, role="muted")
        self.what, self.counts = (remark() for _ in range(2))
        self.cpu, self.gpu = Gauge(theme, _FULL_PERCENT), Gauge(theme, _FULL_PERCENT)
        self.memory = Gauge(theme, _HALF_GIGABYTE)
        head = horizontal(self.shape, self.host, SPACE, self.state)
        gauges = horizontal(stretched(self.cpu), stretched(self.gpu), stretched(self.memory), gap=SPACING.large)
        fill(self.column, head, self.what, gauges, self.counts)

    def show_worker(self, worker: WorkerFigures) -> None:
        """Show the worker's current figures in the current language."""
        texts = self._texts
        word, state = worker_state(texts, worker)
        self.shape.show_state(state, word)
        self.host.setText(worker.status.host)
        self.state.setText(word)
        self.what.setText(worker_text(texts, worker.status))
        self.counts.setText(worker_counts(texts, worker.status))
        cpu = NOTHING if worker.cpu.now is None else percent_text(texts, worker.cpu.now)
        memory = NOTHING if worker.memory.now is None else bytes_text(texts, worker.memory.now)
        self.cpu.show_gauge(texts("monitor.cpu"), cpu, worker.cpu)
        self.memory.show_gauge(texts("monitor.memory"), memory, worker.memory)
        self._show_gpu(worker)
        gauges = (self.cpu, self.memory) if worker.gpu is None else (self.cpu, self.gpu, self.memory)
        figures = (f"{gauge.name.text()} {gauge.value.text()}" for gauge in gauges)
        parts = (worker.status.host, word, self.what.text(), *figures, self.counts.text())
        self.setAccessibleName(", ".join(parts))

    def _show_gpu(self, worker: WorkerFigures) -> None:
        self.gpu.setVisible(worker.gpu is not None)
        if worker.gpu is None:
            return
        texts, now, memory = self._texts, worker.gpu.now, worker.status.gpu_memory_bytes
        used = "" if now is None or memory is None else bytes_text(texts, memory)
        text = joined(NOTHING if now is None else percent_text(texts, now), used)
        self.gpu.show_gauge(texts("monitor.gpu"), text, worker.gpu)


_OTHER_SCRIPT = 1.25  # the value of a neighbouring tile may be in a script this much higher


class Tile(Panel):
    """Card of one figure: its name, its value, and a curve of the last ten minutes."""

    def __init__(
        self, theme: Theme, texts: Texts, key: str, wording: Callable[[Texts, float], str], floor: float
    ) -> None:
        super().__init__(theme)
        self._texts, self._key, self._wording = texts, key, wording
        self.name, self.value = label(role="muted"), label(size=SCALE.display, bold=True)
        self.highest = label(size=SCALE.caption, role="muted")
        self.value.setMinimumHeight(round(self.value.sizeHint().height() * _OTHER_SCRIPT))
        self.curve = CurveView(theme, floor)
        row = horizontal(self.value, SPACE, aligned(self.highest, Qt.AlignmentFlag.AlignBottom), gap=None)
        fill(self.column, self.name, row, SPACE, self.curve)

    def show_curve(self, curve: Curve) -> None:
        """Show the current curve in the current language."""
        texts, name = self._texts, self._texts(self._key)
        value = NOTHING if curve.now is None else self._wording(texts, curve.now)
        most = peak(curve.values)
        highest = self._wording(texts, most)
        self.name.setText(name)
        self.value.setText(value)
        self.highest.setText(texts("monitor.peak", value=highest) if most else "")
        self.curve.show_curve(curve)
        known = texts("monitor.curve", name=name, value=value, peak=highest)
        self.setAccessibleName(known if curve.values else texts("monitor.curve-empty", name=name))


class _Line:
    """Widgets of one stage in the grid."""

    def __init__(self, theme: Theme, grid: QGridLayout, row: int, bold: bool) -> None:
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        self.name, self.half, self.most = label(bold=bold), label(bold=bold), label(role="muted")
        self.bar = RangeBar(theme)
        grid.addWidget(self.name, row, 0)
        grid.addWidget(self.bar, row, 1)
        grid.addWidget(self.half, row, 2, right)
        grid.addWidget(self.most, row, 3, right)
        self.parts = (self.name, self.bar, self.half, self.most)


class StagesPanel(Panel):
    """Latency by stage, on a common scale, without stages that have no figures."""

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__(theme)
        self._texts = texts
        self.hint = remark()
        table = grid(stretched=1, gaps=(SPACING.large, SPACING.small))
        self.heads = [
            worded(texts, label(size=SCALE.caption, role="muted"), key) for key in ("monitor.p50", "monitor.p95")
        ]
        for column, head in enumerate(self.heads, 2):
            table.addWidget(head, 0, column, Qt.AlignmentFlag.AlignRight)
        self.lines = {
            stage: _Line(theme, table, row, stage is UtteranceStage.WHOLE)
            for row, stage in enumerate(UtteranceStage, 1)
        }
        fill(self.column, self.hint, table)

    def show_stages(self, stages: Sequence[StageFigures]) -> None:
        """Show the current figures in the current language."""
        texts = self._texts
        self.hint.setText(texts("monitor.stages-hint" if stages else "monitor.stages-empty"))
        set_visible(bool(stages), *self.heads)
        known = {figures.stage: figures for figures in stages}
        longest = max((figures.p95_s for figures in stages), default=0.0) or 1.0
        for stage, line in self.lines.items():
            set_visible(stage in known, *line.parts)
            if figures := known.get(stage):
                line.name.setText(texts(STAGES[stage]))
                line.half.setText(seconds_text(texts, figures.p50_s))
                line.most.setText(seconds_text(texts, figures.p95_s))
                line.bar.show_parts(figures.p50_s / longest, figures.p95_s / longest)
        parts = [stage_text(texts, figures) for figures in stages] or [self.hint.text()]
        self.setAccessibleName("; ".join((texts("monitor.stages"), *parts)))
