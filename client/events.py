"""Events for the client's user: forwarded gateway messages, and events that only the client knows."""

from dataclasses import dataclass

from protocol.errors import ErrorCode
from protocol.session import Busy, Failed, Final, Partial, Queued


@dataclass(frozen=True)
class Connected:
    """Accepted session at a gateway. ``durable``: queued segments survive a power loss there."""

    gateway: str
    durable: bool


@dataclass(frozen=True)
class Disconnected:
    """Lost connection; the next attempt is in ``retry_in_s``. No audio is lost: the client still stores it.

    ``answers``: the gateway is there, and asks to try later. ``failing``: it fails with this session.
    """

    reason: str
    retry_in_s: float
    answers: bool = False
    failing: bool = False


@dataclass(frozen=True)
class Retrying:
    """Segment that failed temporarily and is sent again as ``attempt``."""

    segment: int
    attempt: int
    code: ErrorCode


Outcome = Final | Failed
SessionEvent = Queued | Partial | Final | Failed | Busy | Retrying
ClientEvent = Connected | Disconnected | SessionEvent
