"""The last hour of a gateway for dashboards, as one moment every few seconds. Pure."""

from typing import Final

from backend.observability.newest_values import NewestValues
from protocol.monitor import Moment, Snapshot, Timeline, WorkerMoment, WorkerStatus

STEP_S: Final = 5.0
HOUR_S: Final = 3_600.0
MOST_WORKERS: Final = 32


class Moments:
    """Ring of moments; the oldest are dropped. Of a large fleet, only the workers with the first ids are kept."""

    def __init__(self, kept_s: float = HOUR_S) -> None:
        self._moments = NewestValues(Moment, max(1, round(kept_s / STEP_S)))
        self._last_step = -1

    def due(self, at_s: float) -> bool:
        """Return whether the current step of the gateway's uptime still needs a moment."""
        return self._step(at_s) > self._last_step

    def add(self, snapshot: Snapshot) -> None:
        """Add a moment made from the snapshot."""
        shown = sorted(snapshot.workers, key=lambda worker: worker.worker)[:MOST_WORKERS]
        self._last_step = self._step(snapshot.uptime_s)
        self._moments.add(
            Moment(
                at_s=snapshot.uptime_s,
                queued=snapshot.queued,
                backlog_s=snapshot.backlog_s,
                oldest_s=snapshot.oldest_s,
                sessions=snapshot.sessions,
                pending=snapshot.pending,
                streams=snapshot.streams,
                totals=snapshot.totals,
                load=snapshot.load,
                broker_up=snapshot.broker.up,
                workers=tuple(_moment(worker) for worker in shown),
            )
        )

    def timeline(self, uptime_s: float) -> Timeline:
        """Return all kept moments."""
        return Timeline(uptime_s, STEP_S, self._moments.all())

    def _step(self, at_s: float) -> int:
        return int(at_s // STEP_S)


def _moment(status: WorkerStatus) -> WorkerMoment:
    return WorkerMoment(
        status.worker,
        status.busy,
        status.speed,
        status.cpu_percent,
        status.memory_bytes,
        status.gpu_percent,
        status.gpu_memory_bytes,
    )
