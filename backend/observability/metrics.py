"""Counters of session events for ``/metrics``, cheap per event; ``exposition`` reads them.

They count since this gateway started. A result sent by two gateways is counted by both.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from backend.admission.admission import Survey
from backend.core.refusal import RefusalReason
from backend.history.service import HistoryState
from backend.observability.other_processes import Counted, OtherProcesses
from backend.sessions.observers import Conclusion, Observer
from protocol.job import EndState, JobKind
from protocol.monitor import BrokerState, Load
from protocol.session import Failed, GatewayMessage, Partial
from runtime.histogram import Histogram, HistogramSnapshot

STAGES: Final = ("upload", "queue", "decode", "deliver")
"""Stages of a segment, as in ``protocol.recognition.Timing``."""


@dataclass(frozen=True)
class GatewayReading:
    """State of a gateway at the time of a scrape.

    ``history`` ``None``: no history is kept. Numbers of sessions and the like are sums over all processes;
    ``received_s``, the audio received since its start, and ``load`` are those of this one. ``held``: samples that
    are held back here until their key has less in the broker, by class and model.
    """

    survey: Survey
    broker: BrokerState
    sessions: int
    connections: int
    viewers: int
    pending: int
    unqueued_s: float
    received_s: float
    draining: bool
    history: HistoryState | None = None
    load: Load = field(default_factory=Load)
    others: OtherProcesses = field(default_factory=OtherProcesses)
    held: Mapping[tuple[str, str], int] = field(default_factory=dict)


class Metrics(Observer):
    """Counters. ``segments``: by outcome and code. ``attempts``: best-effort requests, by kind and whether sent.

    ``samples``: audio of segments with a text that were complete here, each second counted once.
    ``spans_refused``: second passes that would have come too late. ``hellos``: by whether they resume.
    """

    def __init__(self) -> None:
        self.segments: Counter[tuple[EndState, str]] = Counter()
        self.stages = {stage: Histogram() for stage in STAGES}
        self.attempts: Counter[tuple[JobKind, bool]] = Counter()
        self.refusals: Counter[RefusalReason] = Counter()
        self.hellos: Counter[bool] = Counter()
        self.samples = 0
        self.partials = 0
        self.spans_refused = 0

    def counters(self, received_s: float, round_trips: HistogramSnapshot) -> Counted:
        """Return all counters of this moment, with those that others count."""
        return Counted(
            segments=dict(self.segments),
            stages={stage: histogram.read() for stage, histogram in self.stages.items()},
            attempts=dict(self.attempts),
            refusals=dict(self.refusals),
            hellos=dict(self.hellos),
            samples=self.samples,
            partials=self.partials,
            spans_refused=self.spans_refused,
            received_s=received_s,
            round_trips=round_trips,
        )

    def bound(self, session: str, resumed: bool) -> None:
        """Count an accepted hello."""
        self.hellos[resumed] += 1

    def message_sent(self, session: str, message: GatewayMessage) -> None:
        """Count partials; ignore other messages."""
        if isinstance(message, Partial):
            self.partials += 1

    def concluded(self, conclusions: Sequence[Conclusion]) -> None:
        """Count outcomes and their timings."""
        for conclusion in conclusions:
            outcome, history = conclusion.outcome, conclusion.history
            if history.refused:
                self.spans_refused += 1
                continue
            if isinstance(outcome, Failed):
                self.segments[EndState.FAILED, outcome.code.value] += 1
                continue
            self.segments[EndState.FINAL, ""] += 1
            self.samples += history.samples - history.repeated
            timing = outcome.timing
            if timing.upload:  # 0 if the audio went to another gateway
                self.stages["upload"].add(timing.upload / 1000)
            self.stages["queue"].add(timing.queue / 1000)
            self.stages["decode"].add(timing.decode / 1000)
            self.stages["deliver"].add(timing.deliver / 1000)

    def cancelled(self, session: str, segment: int) -> None:
        """Count a cancelled segment."""
        self.segments[EndState.CANCELLED, ""] += 1

    def attempted(self, kind: JobKind, made: bool) -> None:
        """Count a best-effort request."""
        self.attempts[kind, made] += 1

    def refused(self, reason: RefusalReason) -> None:
        """Count a refusal by reason."""
        self.refusals[reason] += 1
