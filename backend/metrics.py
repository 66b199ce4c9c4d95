"""Counts of what happens to sessions, for ``/metrics``. Next to nothing per event; ``exposition`` reads them.

All of them since this gateway began, and of this gateway: a result that two of them told is counted by both.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from backend.admission import Survey
from backend.history.keeping import HistoryState
from backend.observing import Conclusion, Observer, RefusalReason
from protocol.job import EndState, JobKind
from protocol.monitor import BrokerState
from protocol.session import Failed, GatewayMessage, Partial
from runtime.histogram import Histogram

STAGES: Final = ("upload", "queue", "decode", "deliver")
"""As in ``protocol.recognition.Timing``."""


@dataclass(frozen=True)
class Now:
    """How a gateway is at the moment when somebody asks; ``received_s``: audio that came since it began.

    ``history`` ``None``: none is kept.
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


class Metrics(Observer):
    """``segments``: by outcome and code. ``attempts``: what is best effort, by kind and whether it was asked for.

    ``samples`` of segments that have a text and were here as a whole; ``bound``: hellos, by whether they resume.
    """

    def __init__(self) -> None:
        self.segments: Counter[tuple[EndState, str]] = Counter()
        self.stages = {stage: Histogram() for stage in STAGES}
        self.attempts: Counter[tuple[JobKind, bool]] = Counter()
        self.refusals: Counter[RefusalReason] = Counter()
        self.hellos: Counter[bool] = Counter()
        self.samples = 0
        self.partials = 0

    def bound(self, session: str, resumed: bool) -> None:
        """A hello was taken."""
        self.hellos[resumed] += 1

    def told(self, session: str, message: GatewayMessage) -> None:
        """Of interest are partials."""
        if isinstance(message, Partial):
            self.partials += 1

    def concluded(self, conclusions: Sequence[Conclusion]) -> None:
        """Count them."""
        for conclusion in conclusions:
            outcome = conclusion.outcome
            if isinstance(outcome, Failed):
                self.segments[EndState.FAILED, outcome.code.value] += 1
                continue
            self.segments[EndState.FINAL, ""] += 1
            self.samples += conclusion.course.samples
            timing = outcome.timing
            if timing.upload:  # else it was uploaded to another gateway
                self.stages["upload"].add(timing.upload / 1000)
            self.stages["queue"].add(timing.queue / 1000)
            self.stages["decode"].add(timing.decode / 1000)
            self.stages["deliver"].add(timing.deliver / 1000)

    def cancelled(self, session: str, segment: int) -> None:
        """Count it."""
        self.segments[EndState.CANCELLED, ""] += 1

    def attempted(self, kind: JobKind, made: bool) -> None:
        """Count it."""
        self.attempts[kind, made] += 1

    def refused(self, reason: RefusalReason) -> None:
        """Count it."""
        self.refusals[reason] += 1
