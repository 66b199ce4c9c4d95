"""Settings of sessions and their connections."""

from dataclasses import dataclass, field

from backend.admission.admission import AdmissionLimits
from backend.admission.bulk_throttle import QueueLimits
from backend.sessions.partials import PartialPace
from protocol.session import Limits


@dataclass(frozen=True)
class SessionSettings:
    """Limits and deadlines of sessions, and the pace of their best-effort requests."""

    limits: Limits = field(default_factory=Limits)
    admission: AdmissionLimits = field(default_factory=AdmissionLimits)
    queue: QueueLimits = field(default_factory=QueueLimits)
    pace: PartialPace = field(default_factory=PartialPace)
    outbound_bytes: int = 256 * 1024
    stuck_s: float = 10.0
    goodbye_s: float = 5.0
    keep_s: float = 60.0
    rest_s: float = 5.0
    attach_s: float = 5.0

    def kept_s(self, at_rest: bool) -> float:
        """Return how long a session without a connection stays; the broker has all of one at rest."""
        return min(self.rest_s, self.keep_s) if at_rest else self.keep_s
