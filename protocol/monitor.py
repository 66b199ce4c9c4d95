"""What whoever watches is shown: ``GET /v1/monitor``, server-sent events, and what a worker says about itself.

Two events: ``snapshot``, once a second, is a ``Snapshot`` with everything that a viewer who comes late needs;
``segment`` is a ``Recent`` at the moment when its result was told. Never a text. Unknown fields are ignored.
"""

from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

from protocol.errors import NOT_JSON, MalformedMessage
from protocol.recognition import Milliseconds, Timing

MONITOR_PATH: Final = "/v1/monitor"
TIMELINE_PATH: Final = "/v1/timeline"
DASHBOARD_PATH: Final = "/dashboard"
EVENT_STREAM: Final = "text/event-stream"
SNAPSHOT: Final = "snapshot"
SEGMENT: Final = "segment"
FINAL: Final = "final"
"""The outcome of a segment that has a text; of any other it is the code of its failure."""


class WorkerState(StrEnum):
    """What a worker is doing, as it says itself."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    DRAINING = "draining"
    FAILED = "failed"


class WorkerStatus(Struct, frozen=True):
    """One field of ``kiki:workers``. ``at_ms`` is the broker's TIME of the heartbeat, set by the script.

    ``speed`` is audio seconds recognised per second of decoding, over the recent past (0: not yet known).
    ``cpu_percent`` is of one core, ``memory_bytes`` resident, both of the worker and its engine together;
    ``gpu_percent`` and ``gpu_memory_bytes`` are of the whole device, ``None`` where none tells.
    ``problem`` says why no engine is loaded, while the worker tries again; empty otherwise.
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


class Recent(Struct, frozen=True):
    """A segment that ended: no text, only where its time went.

    ``audio_ms``: how long it is, 0 where the gateway does not know. ``at_s``: when, as the gateway's ``uptime_s``.
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
    """Why a broker takes nothing although it answers."""

    FULL = "full"  # its memory is used up
    LOADING = "loading"  # it reads what it kept
    DISK = "disk"  # it cannot write
    REPLICA = "replica"  # it only copies another one
    DENIED = "denied"  # its user or password is refused, or lacks a permission


class BrokerState(Struct, frozen=True):
    """``memory`` is the used part of its limit, 0 where it has none.

    ``up``: it takes what it is given. ``trouble``: why not, a ``BrokerTrouble``; empty: it does not answer.
    """

    up: bool
    version: str
    durable: bool
    memory: float = 0.0
    trouble: str = ""


class Totals(Struct, frozen=True):
    """What this gateway did since it started: segments that ended, their audio, refusals, partials told."""

    final: int = 0
    failed: int = 0
    audio_s: float = 0.0
    refused: int = 0
    partials: int = 0


class Load(Struct, frozen=True):
    """The gateway's process: ``cpu_percent`` of one core, ``memory_bytes`` resident."""

    cpu_percent: float = 0.0
    memory_bytes: int = 0


class WorkerMoment(Struct, frozen=True):
    """One worker at one moment; as in ``WorkerStatus``."""

    worker: str
    busy: int
    speed: float
    cpu_percent: float
    memory_bytes: int
    gpu_percent: float | None = None
    gpu_memory_bytes: int | None = None


class Moment(Struct, frozen=True):
    """How things stood at ``at_s`` of the gateway's uptime. ``totals`` only grow: differences make rates."""

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
    """``GET /v1/timeline``: the last hour, oldest first, a moment every ``step_s``; ``uptime_s`` is now.

    ``gateway``: which run of a gateway it is of, as in ``Snapshot``; an older one does not say.
    """

    uptime_s: float
    step_s: float
    moments: tuple[Moment, ...]
    gateway: str = ""


class Snapshot(Struct, frozen=True):
    """Everything a monitor shows. ``oldest_s``: for how long the oldest job waits or is being decoded."""

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


_snapshot_decoder = msgspec.json.Decoder(Snapshot)
_recent_decoder = msgspec.json.Decoder(Recent)


def decode_event(name: str, data: str | bytes) -> Snapshot | Recent | None:
    """Read one event; ``None`` for one that this version does not know. Raises ``MalformedMessage``."""
    try:
        if name == SNAPSHOT:
            return _snapshot_decoder.decode(data)
        return _recent_decoder.decode(data) if name == SEGMENT else None
    except NOT_JSON as error:
        raise MalformedMessage(f"not a {name}: {error}") from error
