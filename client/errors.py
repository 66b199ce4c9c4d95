"""Errors of the gateway client.

GatewayError            base
├── Unreachable         nobody answers there, or the connection broke: trying again later may help
│   ├── TryLater        it answers, but takes nobody now (HTTP 429, 503, close 1013)
│   └── Moved           it is somewhere else now, or another one is in its place
├── Refused             it answers and will never have us like this: version, address
│   ├── Unauthorised    it wants another key
│   ├── WrongCertificate  it is not the gateway that this device was paired with, or nobody vouches for it
│   ├── InTheClear      it would be spoken to without TLS, and is not on this computer: nothing was said
│   ├── DeviceNotKept   the code was right, but it cannot write down that this device has a key
│   └── NotPaired       it gives this device no key: the code, the time, or too many tries
│       └── Intercepted  somebody stands between this device and the gateway
│           └── SomebodyElse  or is at one of its addresses: nothing was said there
├── SessionLost         the session cannot be finished: taken over, or nothing was heard for too long
└── AudioGone           audio that must be sent again is no longer held here
"""

from protocol.errors import ErrorCode
from protocol.pairing import PairRefusal


class GatewayError(Exception):
    """Base. The text says what to do about it."""


class Unreachable(GatewayError):
    """Nobody answers at the address, or the connection broke. ``retry_after_s``: what was asked for, if it was."""

    def __init__(self, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TryLater(Unreachable):
    """The gateway asks to wait."""


class Moved(Unreachable):
    """Whoever says where the gateway is says something else now."""


class Refused(GatewayError):
    """The gateway will not have this client; trying the same again is useless."""


class Unauthorised(Refused):
    """The gateway wants another key (HTTP 401, 403)."""


class WrongCertificate(Refused):
    """Another certificate than the pinned one, or one that nobody vouches for. Nothing was said to it."""


class InTheClear(Refused):
    """Without TLS the address leaves this computer: key and speech could be read on the way. Nothing was said."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"{url} is on another computer, and without TLS everybody on the way could read the key and what is "
            "said: give it as https://HOST:PORT, or lead a tunnel there and give http://127.0.0.1:PORT"
        )


class DeviceNotKept(Refused):
    """The gateway cannot write down that this device has a key. ``code``: ``disk_full``, or another reason."""

    def __init__(self, message: str, code: ErrorCode) -> None:
        super().__init__(message)
        self.code = code


class NotPaired(Refused):
    """The gateway gives this device no key. ``reason`` is a ``protocol.pairing.PairRefusal``."""

    def __init__(self, message: str, reason: PairRefusal, tries_left: int = 0) -> None:
        super().__init__(message)
        self.reason = reason
        self.tries_left = tries_left


class Intercepted(NotPaired):
    """What answers is not the gateway that showed the code."""

    def __init__(self, message: str) -> None:
        super().__init__(message, PairRefusal.INTERCEPTED)


class SomebodyElse(Intercepted):
    """Another certificate is shown there than the one that the code came with; the code was not used."""


class SessionLost(GatewayError):
    """The session ended before every segment had; ``segments`` are those without a result."""

    def __init__(self, message: str, segments: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.segments = segments


class AudioGone(GatewayError):
    """The store was asked for samples that it does not hold."""
