"""Throughput and real-time factor of all workers, from their counters. Pure."""

from collections import deque
from collections.abc import Iterable
from typing import Final

from protocol.monitor import WorkerState, WorkerStatus

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
