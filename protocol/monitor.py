"""Monitor data: ``GET /v1/monitor`` (server-sent events) and the status that workers report.

There are two events. ``snapshot``, sent once a second, is a complete ``Snapshot``, so viewers may join at any
time. ``segment`` is a ``Recent``, sent when the segment's result is delivered. No event ever contains recognised
text. Unknown fields are ignored.
"""

from enum import StrEnum
from typing import Final

from msgspec import Struct

from protocol.decoding import JsonDecoder
from protocol.recognition import Milliseconds, Timing

MONITOR_PATH: Final = "/v1/monitor"
TIMELINE_PATH: Final = "/v1/timeline"
DASHBOARD_PATH: Final = "/dashboard"
EVENT_STREAM: Final = "text/event-stream"
SNAPSHOT: Final = "snapshot"
SEGMENT: Final = "segment"
FINAL: Final = "final"
"""Outcome of a segment that has a text; for any other segment the outcome is its failure code."""

SILENT_MS: Final = 7_000
"""Age of the last heartbeat at which a worker counts as silent. Heartbeats come every 5 s."""


class WorkerState(StrEnum):
    """State of a worker, as it reports itself."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    DRAINING = "draining"
    FAILED = "failed"


class WorkerStatus(Struct, frozen=True):
    """Value of one field of ``kiki:workers``. ``at_ms`` is the broker's TIME of the heartbeat, set by the script.

    ``speed`` is audio seconds recognised per second of decoding, over the recent past (0: not yet known).
    ``cpu_percent`` is relative to one core and ``memory_bytes`` is resident memory; both sum the worker and its
    engine. ``gpu_percent`` and ``gpu_memory_bytes`` cover the whole device; ``None`` if they cannot be measured.
    ``problem`` says why no engine is loaded, while the worker tries again; empty otherwise. ``needs_context``:
    short segments cost its model accuracy. ``kinds``: the kinds of jobs that it takes; a worker with only
    ``stream`` recognises live text, and ``slots`` is how many sessions it follows.
    ``translates``: its model also translates into English. ``age_ms``: time since the heartbeat on the broker's
    clock, set by the gateway; 0 if unknown.
    """

    worker: str
    host: str
    engine: str
    model: str
    device: str
    state: WorkerState
    slots: int = 1
    busy: int = 0
    languages: tuple[str, ...] = ()
    done: int = 0
    failed: int = 0
    audio_s: float = 0.0
    speed: float = 0.0
    cpu_percent: float = 0.0
    memory_bytes: int = 0
    gpu_percent: float | None = None
    gpu_memory_bytes: int | None = None
    at_ms: int = 0
    problem: str = ""
    needs_context: bool = False
    kinds: tuple[str, ...] = ("recognise", "speculate", "hypothesise")
    translates: bool = False
    age_ms: Milliseconds = 0

    @property
    def silent(self) -> bool:
        """True if a heartbeat is overdue: the worker was killed, stands still, or has no connection."""
        return self.age_ms >= SILENT_MS


class Recent(Struct, frozen=True):
    """Recently ended segment: where its time went, without its text.

    ``audio_ms`` is its length (0 if the gateway does not know it); ``at_s`` is when it ended, on the gateway's
    ``uptime_s`` clock.
    """

    session: str
    segment: int
    outcome: str
    model: str = ""
    worker: str = ""
    timing: Timing = Timing()
    audio_ms: Milliseconds = 0
    at_s: float = 0.0


class BrokerTrouble(StrEnum):
    """Reason why a broker that answers does not accept writes."""

    FULL = "full"  # its memory is used up
    LOADING = "loading"  # it loads its data from disk
    DISK = "disk"  # it cannot write to its disk
    REPLICA = "replica"  # it is a read-only replica
    REPLICAS = "replicas"  # too few replicas follow it
    DENIED = "denied"  # its user or password is refused, or lacks a permission
    FOREIGN = "foreign"  # another program's value is in the place of a key of ours


class BrokerState(Struct, frozen=True):
    """State of the broker. ``memory`` is the used fraction of its limit, 0 if it has none.

    ``up``: the broker, or one of its shards, accepts writes. ``trouble``: why it does not, a ``BrokerTrouble``;
    empty if it does not answer. ``missing``: shards of which nothing is known now.
    """

    up: bool
    version: str
    durable: bool
    memory: float = 0.0
    trouble: str = ""
    missing: tuple[int, ...] = ()


class Totals(Struct, frozen=True):
    """Counters of this gateway since its start: ended segments, their audio, refusals, delivered partials."""

    final: int = 0
    failed: int = 0
    audio_s: float = 0.0
    refused: int = 0
    partials: int = 0


class Load(Struct, frozen=True):
    """Resource use of the gateway's process: ``cpu_percent`` of one core, ``memory_bytes`` resident."""

    cpu_percent: float = 0.0
    memory_bytes: int = 0


class WorkerMoment(Struct, frozen=True):
    """State of one worker at one moment, with the fields of ``WorkerStatus``."""

    worker: str
    busy: int
    speed: float
    cpu_percent: float
    memory_bytes: int
    gpu_percent: float | None = None
    gpu_memory_bytes: int | None = None


class Moment(Struct, frozen=True):
    """State of the system at ``at_s`` of the gateway's uptime. ``totals`` only grow: differences give rates."""

    at_s: float
    queued: int
    backlog_s: float
    oldest_s: float
    sessions: int
    pending: int
    streams: float
    totals: Totals
    load: Load
    broker_up: bool = True
    workers: tuple[WorkerMoment, ...] = ()


class Timeline(Struct, frozen=True):
    """``GET /v1/timeline``: the last hour, oldest first, one moment every ``step_s``; ``uptime_s`` is now.

    ``gateway`` identifies the run of the gateway, as in ``Snapshot``; older gateways leave it empty.
    """

    uptime_s: float
    step_s: float
    moments: tuple[Moment, ...]
    gateway: str = ""


class Snapshot(Struct, frozen=True):
    """Complete state for a monitor. ``oldest_s``: how long the oldest job has been waiting or decoding."""

    gateway: str
    uptime_s: float
    broker: BrokerState
    sessions: int
    connections: int
    pending: int
    unqueued_s: float
    queued: int
    backlog_s: float
    oldest_s: float
    streams: float
    workers: tuple[WorkerStatus, ...]
    recent: tuple[Recent, ...]
    totals: Totals = Totals()
    load: Load = Load()


_EVENTS: Final[dict[str, JsonDecoder[Snapshot | Recent]]] = {
    SNAPSHOT: JsonDecoder(Snapshot, "not a snapshot: "),
    SEGMENT: JsonDecoder(Recent, "not a segment: "),
}


def decode_event(name: str, data: str | bytes) -> Snapshot | Recent | None:
    """Parse one event; return ``None`` for an event type unknown to this version. Raises ``MalformedMessage``."""
    decode = _EVENTS.get(name)
    return decode(data) if decode else None
