"""Errors of the gateway client.

GatewayError            base
├── Unreachable         no answer at the address, or the connection broke: trying again later may help
│   ├── TryLater        the gateway answers, but is busy (HTTP 429, 503, close 1013)
│   ├── Failing         the gateway answers, but fails with this session (close 1011)
│   └── Moved           the gateway has another address now, or another gateway replaces it
├── Refused             the gateway refuses this client permanently: version, address
│   ├── Unauthorised    the gateway wants another key
│   ├── WrongCertificate  the certificate is not the pinned one, or is not trusted
│   │   └── CertificateDated  the certificate is not valid yet or no longer, or the clock is wrong
│   ├── SessionOfAnother  the session belongs to another key, or its data at the gateway is damaged
│   ├── ModelNotOffered  no worker has the requested model
│   ├── TlsRequired     the address is on another computer and has no TLS: nothing was sent
│   ├── DeviceNotKept   the code was right, but the gateway cannot store this device's key
│   └── NotPaired       the gateway gives this device no key: wrong code, too late, or too many tries
│       └── Intercepted  a man in the middle is between this device and the gateway
│           └── WrongGateway  or answers at one of its addresses: nothing was sent there
├── SessionLost         the session cannot be finished: taken over, or silent for too long
│   └── ResultsGone     segments have ended at the gateway, and it has no results of them any more
└── AudioGone           audio that must be sent again is not stored here, or not any more
"""

from protocol.errors import ErrorCode
from protocol.pairing import PairRefusal


class GatewayError(Exception):
    """Base class of the client's errors. The message says what to do."""


class Unreachable(GatewayError):
    """No answer at the address, or a broken connection. ``retry_after_s`` is the requested delay, or 0."""

    def __init__(self, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TryLater(Unreachable):
    """Busy gateway that asks the client to wait."""


class Failing(Unreachable):
    """Gateway that fails with this session. Raised to the caller once it has failed for too long."""


class Moved(Unreachable):
    """Gateway whose address has changed."""


class Refused(GatewayError):
    """Permanent refusal by the gateway; trying the same again is useless."""


class Unauthorised(Refused):
    """Key that the gateway does not accept (HTTP 401, 403)."""


class WrongCertificate(Refused):
    """Certificate that is not the pinned one, or is not trusted. Nothing was sent."""


class CertificateDated(WrongCertificate):
    """Certificate that has expired or is not valid yet, by this computer's clock. Nothing was sent."""


class SessionOfAnother(Refused):
    """Session that began with another key, such as that of an earlier pairing, or that another program damaged."""


class ModelNotOffered(Refused):
    """Model that no worker of the gateway has offered for a long time. The text names those on offer."""


class TlsRequired(Refused):
    """Address on another computer without TLS: key and speech could be read on the way. Nothing was sent."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"{url} is on another computer, and without TLS others on the network could read the key and the "
            "speech: use https://HOST:PORT, or a tunnel and http://127.0.0.1:PORT"
        )


class DeviceNotKept(Refused):
    """Gateway that cannot store this device's key. ``code``: ``disk_full``, or another reason."""

    def __init__(self, message: str, code: ErrorCode) -> None:
        super().__init__(message)
        self.code = code


class NotPaired(Refused):
    """Pairing that gave this device no key. ``reason`` is a ``protocol.pairing.PairRefusal``."""

    def __init__(self, message: str, reason: PairRefusal, tries_left: int = 0) -> None:
        super().__init__(message)
        self.reason = reason
        self.tries_left = tries_left


class Intercepted(NotPaired):
    """Peer that is not the gateway that showed the code."""

    def __init__(self, message: str) -> None:
        super().__init__(message, PairRefusal.INTERCEPTED)


class WrongGateway(Intercepted):
    """Address whose certificate is not the one that came with the code; the code was not used."""


class SessionLost(GatewayError):
    """Session that ended before every segment had; ``segments`` are those without a result."""

    def __init__(self, message: str, segments: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.segments = segments


class ResultsGone(SessionLost):
    """Session whose gateway sends no results of ``segments`` that had ended: they were confirmed or cancelled."""


class AudioGone(GatewayError):
    """Request for samples that the store does not hold, or audio that it cannot hold."""
