"""Cards of figures: a value with its last ten minutes, the latency of each stage, and a worker."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from app.core.states import State
from app.monitoring.view import Curve, StageFigures, UtteranceStage, WorkerFigures
from app.ui.monitor.curves import CurveView, RangeBar, peak
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
from app.ui.strings.texts import Texts
from app.ui.strings.wording import joined
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import Shape
from app.ui.widgets.labels import label, remark, set_visible, worded
from app.ui.widgets.layouts import SPACE, aligned, fill, grid, horizontal, stretched, vertical
from app.ui.widgets.panels import Panel

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
    """Card of a worker; a worker that reports no GPU has only two curves."""

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
        self.host.setText(worker.host)
        self.state.setText(word)
        self.what.setText(worker_text(texts, worker))
        self.counts.setText(worker_counts(texts, worker))
        cpu = NOTHING if worker.cpu.now is None else percent_text(texts, worker.cpu.now)
        memory = NOTHING if worker.memory.now is None else bytes_text(texts, worker.memory.now)
        self.cpu.show_gauge(texts("monitor.cpu"), cpu, worker.cpu)
        self.memory.show_gauge(texts("monitor.memory"), memory, worker.memory)
        self._show_gpu(worker)
        figures = (f"{gauge.name.text()} {gauge.value.text()}" for gauge in self._gauges(worker))
        said = (worker.host, word, self.what.text(), *figures, self.counts.text())
        self.setAccessibleName(", ".join(said))

    def _show_gpu(self, worker: WorkerFigures) -> None:
        self.gpu.setVisible(worker.gpu is not None)
        if worker.gpu is None:
            return
        texts, now, memory = self._texts, worker.gpu.now, worker.gpu_memory_bytes
        used = "" if now is None or memory is None else bytes_text(texts, memory)
        said = joined(NOTHING if now is None else percent_text(texts, now), used)
        self.gpu.show_gauge(texts("monitor.gpu"), said, worker.gpu)

    def _gauges(self, worker: WorkerFigures) -> tuple[Gauge, ...]:
        return (self.cpu, self.memory) if worker.gpu is None else (self.cpu, self.gpu, self.memory)


_OTHER_SCRIPT = 1.25  # letters of other scripts, as in a neighbouring tile, may be this much higher
Wording = Callable[[Texts, float], str]


class Tile(Panel):
    """Card of one figure: its name, its value and its last ten minutes."""

    def __init__(self, theme: Theme, texts: Texts, key: str, wording: Wording, floor: float) -> None:
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
    """Latency by stage, on one scale.

    Stages without figures are left out.
    """

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
        said = [stage_text(texts, figures) for figures in stages] or [self.hint.text()]
        self.setAccessibleName("; ".join((texts("monitor.stages"), *said)))
