"""What the client tells its user: the gateway's own messages where they say it, and what only the client knows."""

from dataclasses import dataclass

from protocol.errors import ErrorCode
from protocol.session import Busy, Failed, Final, Partial, Queued


@dataclass(frozen=True)
class Connected:
    """The gateway knows the session. ``durable``: what is queued survives a power loss there."""

    gateway: str
    durable: bool


@dataclass(frozen=True)
class Disconnected:
    """The connection is gone; the next try is in ``retry_in_s``. Nothing is lost: the audio is held here."""

    reason: str
    retry_in_s: float


@dataclass(frozen=True)
class Retrying:
    """A segment failed in a way that may pass, and is sent again as ``attempt``."""

    segment: int
    attempt: int
    code: ErrorCode


Outcome = Final | Failed
SessionEvent = Queued | Partial | Final | Failed | Busy | Retrying
ClientEvent = Connected | Disconnected | SessionEvent
