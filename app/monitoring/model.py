"""Model of the monitor: the gateway's feed combined with this app's own takes. Pure.

The caller passes the time.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from math import inf, nan
from typing import Final

from app.core.errors import Note
from app.monitoring.utterances import Utterances, stage_figures
from app.monitoring.view import (
    SPAN_S,
    Curve,
    Link,
    MonitorView,
    UtteranceRow,
    WorkerFigures,
)
from client.monitor import Lost, MonitorEvent
from protocol.monitor import Recent, Snapshot, WorkerState, WorkerStatus

WINDOW_S: Final = 60.0
_MOST: Final = 128
_ABLE: Final = frozenset({WorkerState.IDLE, WorkerState.BUSY})


class Throughput:
    """Seconds of audio recognised per second over the last minute.

    Tolerates counters that restart at zero.
    """

    def __init__(self) -> None:
        self._counted: dict[str, float] = {}
        self._totals: deque[tuple[float, float]] = deque(maxlen=_MOST)
        self._total = 0.0

    def take(self, workers: Iterable[WorkerStatus], now: float) -> float | None:
        """Return the throughput after these counters; ``None`` for the first ones."""
        counted = {worker.worker: worker.audio_s for worker in workers}
        for name, audio_s in counted.items():
            before = self._counted.get(name, audio_s)
            self._total += audio_s - before if audio_s >= before else audio_s
        self._counted = counted
        self._totals.append((now, self._total))
        while len(self._totals) > 2 and self._totals[1][0] <= now - WINDOW_S:
            self._totals.popleft()
        since, total = self._totals[0]
        return (self._total - total) / (now - since) if now > since else None


def rtf(workers: Iterable[WorkerStatus]) -> float | None:
    """Return the mean real-time factor of available workers with a known speed; ``None`` without any."""
    known = [1 / worker.speed for worker in workers if worker.state in _ABLE and worker.speed > 0]
    return sum(known) / len(known) if known else None


STEP_S: Final = 2.0
STEPS: Final = round(SPAN_S / STEP_S)
_HELD: Final = 3
"""Steps for which the last value still holds, so that a late feed leaves no gap."""


class Trace:
    """Largest value of each step, so that short peaks stay visible.

    Times must not decrease.
    """

    def __init__(self) -> None:
        self._values = [nan] * STEPS
        self._step = -1
        self._now = nan

    def put(self, value: float, now: float) -> None:
        """Set the value from ``now`` on."""
        step = int(now / STEP_S)
        if self._step < 0 or step - self._step > STEPS:
            self._values = [nan] * STEPS
            self._step = step - 1
        missed = step - self._step - 1
        filling = self._now if missed <= _HELD else nan
        for late in range(self._step + 1, step):
            self._values[late % STEPS] = filling
        before = self._values[step % STEPS] if step == self._step else -inf
        self._values[step % STEPS] = max(before, value)
        self._step, self._now = max(step, self._step), value

    def curve(self, now: float) -> Curve:
        """Return the ten minutes before ``now``."""
        step = int(now / STEP_S)
        missed = step - self._step
        if self._step < 0 or missed >= STEPS:
            return Curve()
        begin = (self._step + 1) % STEPS
        known = (*self._values[begin:], *self._values[:begin])
        if missed <= 0:
            return Curve(known, self._now)
        held = missed <= _HELD
        later = (self._now if held else nan,) * missed
        return Curve((*known, *later)[missed:], self._now if held else None)


MOST_WORKERS: Final = 12
GONE_S: Final = 60.0
"""How long a worker stays visible after the gateway last reported it."""


@dataclass
class _Worker:
    """Worker with its curves.

    ``seen``: time of the gateway's last report.
    """

    status: WorkerStatus
    seen: float
    cpu: Trace = field(default_factory=Trace)
    memory: Trace = field(default_factory=Trace)
    gpu: Trace = field(default_factory=Trace)

    def take(self, status: WorkerStatus, now: float) -> None:
        self.status, self.seen = status, now
        self.cpu.put(status.cpu_percent, now)
        self.memory.put(status.memory_bytes, now)
        if status.gpu_percent is not None:
            self.gpu.put(status.gpu_percent, now)

    def figures(self, now: float, gone: bool) -> WorkerFigures:
        gpu = None if self.status.gpu_percent is None else self.gpu.curve(now)
        return WorkerFigures(self.status, gone, self.cpu.curve(now), self.memory.curve(now), gpu)


class MonitorModel:
    """State of the monitor.

    ``epoch_s``: zero of the caller's clock, in seconds since 1970.
    """

    def __init__(self, epoch_s: float = 0.0) -> None:
        self.utterances = Utterances()
        self._epoch_s = epoch_s
        self.link = Link.CONNECTING
        self._refusal: Note | None = None
        self._snapshot: Snapshot | None = None
        self._queued, self._oldest = Trace(), Trace()
        self._throughput, self._rtf = Trace(), Trace()
        self._fleet = Throughput()
        self._workers: dict[str, _Worker] = {}

    def begin(self) -> None:
        """Show a new connection attempt, because the monitor became visible."""
        self.link, self._refusal = Link.CONNECTING, None

    def take(self, event: MonitorEvent, now: float) -> None:
        """Apply an event of the feed."""
        match event:
            case Snapshot():
                self.link, self._refusal = Link.LIVE, None
                self._take_snapshot(event, now)
            case Recent():
                self.utterances.record(event, now)
            case Lost():
                self.link, self._refusal = Link.LOST, None

    def show_refusal(self, why: Note) -> None:
        """Show that the gateway refused the feed."""
        self.link, self._refusal = Link.REFUSED, why

    def view(self, now: float) -> MonitorView:
        """Return everything that the monitor shows."""
        return MonitorView(
            link=self.link,
            refusal=self._refusal,
            gateway=self._snapshot,
            queued=self._queued.curve(now),
            oldest_s=self._oldest.curve(now),
            throughput=self._throughput.curve(now),
            rtf=self._rtf.curve(now),
            workers=tuple(self._figures(now)),
            more_workers=max(0, len(self._snapshot.workers) - MOST_WORKERS) if self._snapshot else 0,
            stages=stage_figures(self.utterances.ended_since(now - SPAN_S)),
            utterances=self._rows(now),
        )

    def _take_snapshot(self, snapshot: Snapshot, now: float) -> None:
        self._snapshot = snapshot
        self._queued.put(snapshot.queued, now)
        self._oldest.put(snapshot.oldest_s, now)
        if (audio_per_s := self._fleet.take(snapshot.workers, now)) is not None:
            self._throughput.put(audio_per_s, now)
        if (decoding_per_s := rtf(snapshot.workers)) is not None:
            self._rtf.put(decoding_per_s, now)
        for status in islice(snapshot.workers, MOST_WORKERS):
            if status.worker not in self._workers:
                self._workers[status.worker] = _Worker(status, now)
            self._workers[status.worker].take(status, now)
        self._forget_workers(now)
        for recent in snapshot.recent:
            self.utterances.record(recent, now, max(0.0, snapshot.uptime_s - recent.at_s))

    def _forget_workers(self, now: float) -> None:
        """Forget workers that are long gone, and bound the number of all."""
        by_age = sorted(self._workers.values(), key=lambda worker: worker.seen, reverse=True)
        kept = [worker for worker in by_age[:MOST_WORKERS] if now - worker.seen <= GONE_S]
        self._workers = {worker.status.worker: worker for worker in kept}

    def _figures(self, now: float) -> Iterable[WorkerFigures]:
        """Yield the workers in a stable order."""
        there = {status.worker for status in self._snapshot.workers} if self._snapshot else set()
        for name in sorted(self._workers, key=lambda name: (self._workers[name].status.host, name)):
            yield self._workers[name].figures(now, name not in there)

    def _rows(self, now: float) -> tuple[UtteranceRow, ...]:
        hosts = {name: worker.status.host for name, worker in self._workers.items()}
        return self.utterances.rows(now, self._epoch_s, hosts)
