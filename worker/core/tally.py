"""Counters of a worker since its start, for its metrics: plain numbers that other threads may read."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from protocol.engine import EngineInfo
from protocol.monitor import WorkerState
from runtime.histogram import Histogram
from worker.core.delivery import Delivery

FINAL: Final = "final"
NOT_WANTED: Final = "not wanted"
"""Outcomes of jobs, in addition to those of ``worker.broker.jobs.Verdict``."""
_BATCHES: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


@dataclass(frozen=True)
class WorkerReading:
    """State of a worker at one moment. ``engine_pid`` is ``None`` while no engine runs."""

    state: WorkerState
    info: EngineInfo
    busy: int
    speed: float
    engine_loads: int
    engine_pid: int | None


class WorkerTally:
    """Counters of a worker: ``jobs`` by outcome, and histograms.

    ``queue``, ``decode``: seconds of each job. ``batches``: jobs per batch. ``partials``: hypotheses made.
    ``returns``: how often the broker came back after an outage.
    """

    def __init__(self) -> None:
        self.jobs: Counter[str] = Counter()
        self.audio_s = 0.0
        self.queue = Histogram()
        self.decode = Histogram()
        self.batches = Histogram(_BATCHES)
        self.partials = 0
        self.returns = 0

    def count_batch(self, batch: Iterable[Delivery], decode_s: float) -> None:
        """Count a batch of jobs decoded together."""
        size = 0
        for delivery in batch:
            size += 1
            self.queue.add(delivery.age_ms / 1000)
            self.decode.add(decode_s)
        self.batches.add(size)

    def count_job(self, outcome: str, seconds: float = 0.0) -> None:
        """Count a job that left this worker; ``seconds``: its audio, if it has a text now."""
        self.jobs[outcome] += 1
        self.audio_s += seconds
