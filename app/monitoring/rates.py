"""How fast a fleet works, from what its workers count. Pure."""

from collections import deque
from collections.abc import Iterable
from typing import Final

from protocol.monitor import WorkerState, WorkerStatus

WINDOW_S: Final = 60.0
_MOST: Final = 128
_ABLE: Final = frozenset({WorkerState.IDLE, WorkerState.BUSY})


class Throughput:
    """Seconds of audio recognised per second, over the last minute; counters that begin anew are no loss."""

    def __init__(self) -> None:
        self._counted: dict[str, float] = {}
        self._totals: deque[tuple[float, float]] = deque(maxlen=_MOST)
        self._total = 0.0

    def take(self, workers: Iterable[WorkerStatus], now: float) -> float | None:
        """What it is with these counters; ``None`` while there is nothing to compare them with."""
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
    """Seconds of decoding per second of audio: the mean over those who can work and know their speed."""
    known = [1 / worker.speed for worker in workers if worker.state in _ABLE and worker.speed > 0]
    return sum(known) / len(known) if known else None
