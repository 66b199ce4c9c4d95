"""Card of one worker: identity, state, speed and load of its computer."""

from PySide6.QtWidgets import QWidget

from app.core.states import State
from app.monitoring.view import Curve, WorkerFigures
from app.ui.monitor.curves import CurveView
from app.ui.monitor.wording import NOTHING, bytes_text, percent_text, worker_counts, worker_state, worker_text
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import Shape
from app.ui.widgets.labels import label, remark
from app.ui.widgets.layouts import SPACE, horizontal, stretched, vertical
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
        self.column.addLayout(head)
        self.column.addWidget(self.what)
        self.column.addLayout(gauges)
        self.column.addWidget(self.counts)

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
        said = [NOTHING if worker.gpu.now is None else percent_text(self._texts, worker.gpu.now)]
        if worker.gpu.now is not None and worker.gpu_memory_bytes is not None:
            said.append(bytes_text(self._texts, worker.gpu_memory_bytes))
        self.gpu.show_gauge(self._texts("monitor.gpu"), " · ".join(said), worker.gpu)

    def _gauges(self, worker: WorkerFigures) -> tuple[Gauge, ...]:
        return (self.cpu, self.memory) if worker.gpu is None else (self.cpu, self.gpu, self.memory)
