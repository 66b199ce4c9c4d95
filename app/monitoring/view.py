"""Views of a gateway and its workers, as values: made by the model, drawn by the page."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.core.errors import Note
from app.core.states import ENDS, State
from protocol.monitor import Snapshot, WorkerStatus

SPAN_S: Final = 600.0
"""Period that curves and percentiles cover."""


class Link(StrEnum):
    """State of the feed.

    ``LOST``: reconnecting, and the figures are old.
    """

    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"
    REFUSED = "refused"


class UtteranceStage(StrEnum):
    """Stages of an utterance after its end of speech.

    ``WHOLE``: from there to the text.
    """

    SENT = "sent"
    QUEUED = "queued"
    DECODED = "decoded"
    DELIVERED = "delivered"
    INSERTED = "inserted"
    WHOLE = "whole"


@dataclass(frozen=True)
class Curve:
    """Last ten minutes in even steps, oldest first, NaN where unknown.

    ``now``: the latest value.
    """

    values: tuple[float, ...] = ()
    now: float | None = None


@dataclass(frozen=True)
class WorkerFigures:
    """A worker as the gateway reported it last, with its curves.

    ``gone``: no longer reported. ``gpu``: ``None`` if unknown.
    """

    status: WorkerStatus
    gone: bool
    cpu: Curve
    memory: Curve
    gpu: Curve | None


@dataclass(frozen=True)
class StageFigures:
    """Durations of a stage: ``p50_s`` is the median, ``p95_s`` the 95th percentile."""

    stage: UtteranceStage
    count: int
    p50_s: float
    p95_s: float


@dataclass(frozen=True)
class StageSpan:
    """Time range of a stage, in seconds after the end of speech."""

    stage: UtteranceStage
    start_s: float
    end_s: float


@dataclass(frozen=True)
class UtteranceRow:
    """Row of one segment.

    ``own``: spoken on this computer. ``at_s``: end of its speech, in seconds since 1970. ``spans`` end now while
    the text is on its way. ``reason``: error code of a failure.
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
        """True if nothing more will happen to it automatically."""
        return self.state in ENDS

    @property
    def total_s(self) -> float:
        """Seconds from the end of speech to the text, or until now."""
        return self.spans[-1].end_s if self.spans else 0.0


class UtteranceFilter(StrEnum):
    """Choice of the utterances that the timeline shows."""

    ALL = "all"
    IN_PROGRESS = "in-progress"
    FAILED = "failed"

    def takes(self, row: UtteranceRow) -> bool:
        """Return True if this choice includes the utterance."""
        match self:
            case UtteranceFilter.IN_PROGRESS:
                return not row.over
            case UtteranceFilter.FAILED:
                return row.state in (State.FAILED, State.DAMAGED)
        return True


@dataclass(frozen=True)
class MonitorView:
    """Everything that the monitor shows.

    ``gateway``: its last report; ``None`` before the first. ``throughput``: seconds of audio per second.
    ``rtf``: seconds of decoding per second of audio. ``refusal``: why the feed is refused.
    ``more_workers``: number of workers that are not shown.
    """

    link: Link = Link.CONNECTING
    refusal: Note | None = None
    gateway: Snapshot | None = None
    queued: Curve = Curve()
    oldest_s: Curve = Curve()
    throughput: Curve = Curve()
    rtf: Curve = Curve()
    workers: tuple[WorkerFigures, ...] = ()
    more_workers: int = 0
    stages: tuple[StageFigures, ...] = ()
    utterances: tuple[UtteranceRow, ...] = ()


@dataclass(frozen=True)
class WatchMonitor:
    """Show or hide the monitor, which is updated only while it is visible."""

    on: bool
