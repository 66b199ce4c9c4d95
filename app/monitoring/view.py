"""What a person sees of a gateway and its workers, as values: made by the model, drawn by the page."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.states import ENDS, State
from protocol.monitor import WorkerState

SPAN_S: Final = 600.0
"""How far back curves and percentiles go."""


class Link(StrEnum):
    """How the feed stands. ``lost``: it is tried again, and what is shown is old."""

    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"
    REFUSED = "refused"


class Stage(StrEnum):
    """Where the time of an utterance goes after its last word; ``whole`` is from there to the text."""

    SENT = "sent"
    QUEUED = "queued"
    DECODED = "decoded"
    DELIVERED = "delivered"
    INSERTED = "inserted"
    WHOLE = "whole"


@dataclass(frozen=True)
class Curve:
    """The last ten minutes in even steps, the oldest first, NaN where nothing is known; and the last value."""

    values: tuple[float, ...] = ()
    now: float | None = None


@dataclass(frozen=True)
class GatewayFigures:
    """``memory``: the used part of the broker's limit, 0 where it has none. ``unqueued_s``: audio not yet safe.

    ``streams``: how many people may speak at the same time, by the measured speed of all workers; 0: nobody works.
    """

    uptime_s: float
    broker: str
    broker_up: bool
    durable: bool
    memory: float
    sessions: int
    pending: int
    unqueued_s: float
    streams: float = 0.0


@dataclass(frozen=True)
class WorkerFigures:
    """``gone``: it is not heard of any more. ``gpu`` is ``None`` where nobody tells.

    Percent of one core, percent of the GPU, bytes. ``speed``: seconds of audio per second, 0 while unknown.
    """

    worker: str
    host: str
    model: str
    device: str
    state: WorkerState
    gone: bool
    speed: float
    done: int
    failed: int
    cpu: Curve
    memory: Curve
    gpu: Curve | None
    gpu_memory_bytes: int | None


@dataclass(frozen=True)
class StageFigures:
    """Half of the last utterances were as fast as ``p50_s`` or faster, 95 of 100 as ``p95_s``."""

    stage: Stage
    count: int
    p50_s: float
    p95_s: float


@dataclass(frozen=True)
class StageSpan:
    """From when to when, in seconds after the last word."""

    stage: Stage
    start_s: float
    end_s: float


@dataclass(frozen=True)
class UtteranceRow:
    """One segment. ``own``: it was spoken here. ``at_s``: when its last word was, in seconds since 1970.

    ``spans`` end now where it is still on its way. ``reason``: the code of a failure.
    """

    session: str
    segment: int
    own: bool
    state: State
    at_s: float
    spoken_s: float
    spans: tuple[StageSpan, ...] = ()
    host: str = ""
    model: str = ""
    reason: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it by itself."""
        return self.state in ENDS

    @property
    def total_s(self) -> float:
        """From the last word to the text, or until now."""
        return self.spans[-1].end_s if self.spans else 0.0


@dataclass(frozen=True)
class MonitorView:
    """Everything. ``throughput``: seconds of audio per second; ``rtf``: seconds of decoding per second of audio.

    ``reason``: why it is lost or refused. ``more_workers``: how many there are beside those that are shown.
    """

    link: Link = Link.CONNECTING
    reason: str = ""
    gateway: GatewayFigures | None = None
    queued: Curve = Curve()
    oldest_s: Curve = Curve()
    throughput: Curve = Curve()
    rtf: Curve = Curve()
    workers: tuple[WorkerFigures, ...] = ()
    more_workers: int = 0
    stages: tuple[StageFigures, ...] = ()
    utterances: tuple[UtteranceRow, ...] = ()
