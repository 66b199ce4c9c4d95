"""Errors of the gateway itself. Mistakes of clients are in ``protocol.errors``.

    BackendError
    ├── BrokerError            any error of Redis or Valkey
    │   ├── BrokerUnreachable  no answer, or not in time
    │   ├── BrokerTooOld       the broker lacks commands that the scripts need
    │   ├── BrokerMismatch     the broker holds data of another layout
    │   ├── BrokerBusy         the queue of commands is full
    │   ├── BrokerLocked       another broker has this data folder
    │   └── BrokerFailed       the broker cannot be started, or it refused a command
    │       └── BrokerDamaged  the embedded broker cannot read its own file
    ├── InvalidSettings        invalid settings, or an owner's request that cannot be followed
    │   ├── UnknownDevice      no paired device has this name
    │   └── UnknownLetter      no dead letter has this id
    ├── CertificateUnusable    a certificate or private key is unreadable, or the two do not match
    ├── DevicesUnreadable      the list of paired devices is damaged or unreadable
    ├── PairingFailed          pairing ended without a device
    ├── HistoryError           any error of the history
    │   ├── HistoryUnavailable its database is unavailable now; a retry may succeed
    │   ├── HistoryRefused     its database refuses this data for ever
    │   └── HistoryBusy        too many requests wait for the history
    ├── MediaUnreadable        a submitted file cannot be read to its end
    ├── MediaReaderKilled      the process that read a submitted file was killed; a retry may succeed
    ├── ProcessFailed          a process of a gateway with several processes cannot run
    ├── RequestRefused         an HTTP request is impossible in the current state
    └── OverQuota              a request above the load or the key's quota

``TryLater``, ``TooBusy``, ``HelloLate``, ``ModelNotOffered`` and ``SessionDamaged`` are ``ProtocolError``s because
clients get them, although clients did not cause them.
"""

from backend.core.refusal import Refusal, RefusalReason
from protocol.errors import CloseCode, ErrorCode, Forbidden, ProtocolError, TakenOver, Unauthorised


class BackendError(Exception):
    """Base of all errors on the gateway's side. The text says what to do about it.

    ``exit_status``: that of a command that ends with it.
    """

    exit_status = 1


class BrokerError(BackendError):
    """Error of Redis or Valkey. ``trouble``: a ``protocol.monitor.BrokerTrouble``, if known."""

    def __init__(self, message: str = "", trouble: str = "") -> None:
        super().__init__(message)
        self.trouble = trouble


class BrokerUnreachable(BrokerError):
    """Broker that does not answer, or not in time."""


class BrokerTooOld(BrokerError):
    """Broker that lacks commands which the scripts need."""


class BrokerMismatch(BrokerError):
    """Broker with data of another layout than this gateway expects."""


class BrokerBusy(BrokerError):
    """Full queue of commands for the broker: try again later."""


class BrokerLocked(BrokerError):
    """Data folder of a broker that runs already and cannot be adopted."""


class BrokerFailed(BrokerError):
    """Broker that cannot be started, or that refused a command which it should know."""


class BrokerDamaged(BrokerFailed):
    """Embedded broker that cannot read its own file."""


class InvalidSettings(BackendError):
    """Invalid settings, or an owner's request that cannot be followed."""

    exit_status = 2


class UnknownDevice(InvalidSettings):
    """Name of no paired device, or of several."""

    exit_status = 1


class UnknownLetter(InvalidSettings):
    """Id of no dead letter."""

    exit_status = 1


class CertificateUnusable(BackendError):
    """Certificate or private key that is unreadable, or two that do not match."""


class DevicesUnreadable(BackendError):
    """List of paired devices that is damaged or unreadable."""


class PairingFailed(BackendError):
    """Pairing ended without a device, as reported to the waiting owner."""


class HistoryError(BackendError):
    """Error of the history or its database."""


class HistoryUnavailable(HistoryError):
    """Database of the history that is unavailable now. No data has changed; the caller may try again."""


class HistoryRefused(HistoryError):
    """Data that the history's database refuses for ever. No data has changed."""


class HistoryBusy(HistoryError):
    """History with too many requests waiting: try again later."""


class MediaUnreadable(BackendError):
    """A submitted file that cannot be read to its end."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class MediaReaderKilled(BackendError):
    """Death of the process that read a submitted file, by a signal; the file may be fine."""


class ProcessFailed(BackendError):
    """Process of a gateway with several processes that cannot run."""


class RequestRefused(BackendError):
    """An HTTP request that is impossible in the current state."""

    def __init__(self, status: int, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class OverQuota(BackendError):
    """A request above the load or the key's quota; ``refusal`` holds the answer for the client."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class TryLater(ProtocolError):
    """Audio that cannot be accepted now from this connection: reconnect, here or to another gateway."""

    code = ErrorCode.BROKER_UNAVAILABLE
    close = CloseCode.TRY_AGAIN_LATER


class TooBusy(TryLater):
    """Refusal of new sessions now. Without a ``refusal`` the reason is no longer known."""

    code = ErrorCode.BUSY

    def __init__(self, refusal: Refusal | None) -> None:
        super().__init__(refusal.message if refusal else "no new sessions are accepted now: try again later")
        self.reason = refusal.reason if refusal else RefusalReason.LOAD


class SessionDamaged(ProtocolError):
    """Session that cannot go on, because another program has changed its data in the broker.

    The close code is that for a session of another key: clients then send the rest in another session.
    """

    code = ErrorCode.CONFLICT
    close = CloseCode.FORBIDDEN

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the broker's data of this session is damaged ({what}): begin a new session and send what has no text"
        )


class HelloLate(TryLater):
    """Hello that did not come in time: the network or a computer stood still, so another try may succeed."""

    code = ErrorCode.OUT_OF_ORDER


class ModelNotOffered(ProtocolError):
    """Model that no worker has offered for a long time. The text names the models on offer."""

    code = ErrorCode.MODEL_UNAVAILABLE
    close = CloseCode.UNSUPPORTED_DATA


def reason_of(error: ProtocolError) -> RefusalReason | None:
    """Return the reason to count for an error; ``None``: not a refusal, because the session was taken over."""
    if isinstance(error, TooBusy):
        return error.reason
    if isinstance(error, SessionDamaged) or (isinstance(error, TryLater) and not isinstance(error, HelloLate)):
        return RefusalReason.BROKER
    if isinstance(error, Unauthorised | Forbidden):
        return RefusalReason.KEY
    if isinstance(error, ModelNotOffered):
        return RefusalReason.MODEL
    return None if isinstance(error, TakenOver) else RefusalReason.MESSAGE
