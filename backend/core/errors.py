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

``TryLater``, ``TooBusy``, ``HelloLate`` and ``ModelNotOffered`` are ``ProtocolError``s because clients get them,
although clients did not cause them.
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
    """The broker does not answer, or not in time."""


class BrokerTooOld(BrokerError):
    """The broker lacks commands that the scripts need."""


class BrokerMismatch(BrokerError):
    """The broker holds data of another layout than this gateway expects."""


class BrokerBusy(BrokerError):
    """The queue of commands for the broker is full: try again later."""


class BrokerLocked(BrokerError):
    """The data folder belongs to a broker that runs already and cannot be adopted."""


class BrokerFailed(BrokerError):
    """The broker cannot be started, or it refused a command that it should know."""


class BrokerDamaged(BrokerFailed):
    """The embedded broker cannot read its own file."""


class InvalidSettings(BackendError):
    """Invalid settings, or an owner's request that cannot be followed."""

    exit_status = 2


class UnknownDevice(InvalidSettings):
    """No paired device has this name, or several have it."""

    exit_status = 1


class UnknownLetter(InvalidSettings):
    """No dead letter has this id."""

    exit_status = 1


class CertificateUnusable(BackendError):
    """A certificate or private key is unreadable, or the two do not match."""


class DevicesUnreadable(BackendError):
    """The list of paired devices is damaged or unreadable."""


class PairingFailed(BackendError):
    """Pairing ended without a device, as reported to the waiting owner."""


class HistoryError(BackendError):
    """Error of the history or its database."""


class HistoryUnavailable(HistoryError):
    """The history's database is unavailable now. No data has changed; the caller may try again."""


class HistoryRefused(HistoryError):
    """The history's database refuses this data for ever. No data has changed."""


class HistoryBusy(HistoryError):
    """The history has too many requests waiting: try again later."""


class MediaUnreadable(BackendError):
    """A submitted file that cannot be read to its end."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class MediaReaderKilled(BackendError):
    """The process that read a submitted file was killed by a signal; the file may be fine."""


class ProcessFailed(BackendError):
    """A process of a gateway with several processes cannot run, for its own reason."""


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
    """Audio of this connection cannot be accepted now: reconnect, here or to another gateway."""

    code = ErrorCode.BROKER_UNAVAILABLE
    close = CloseCode.TRY_AGAIN_LATER


class TooBusy(TryLater):
    """No new sessions are accepted now. Without a ``refusal`` the reason is no longer known."""

    code = ErrorCode.BUSY

    def __init__(self, refusal: Refusal | None) -> None:
        super().__init__(refusal.message if refusal else "no new sessions are accepted now: try again later")
        self.reason = refusal.reason if refusal else RefusalReason.LOAD


class HelloLate(TryLater):
    """No hello in time: the network or a computer stood still, so that another try may succeed."""

    code = ErrorCode.OUT_OF_ORDER


class ModelNotOffered(ProtocolError):
    """No worker has offered the model for long. The text names the models on offer."""

    code = ErrorCode.MODEL_UNAVAILABLE
    close = CloseCode.UNSUPPORTED_DATA


def reason_of(error: ProtocolError) -> RefusalReason | None:
    """Return the reason to count for an error; ``None``: not a refusal (taken over, or not found)."""
    if isinstance(error, TooBusy):
        return error.reason
    if isinstance(error, TryLater) and not isinstance(error, HelloLate):
        return RefusalReason.BROKER
    if isinstance(error, Unauthorised | Forbidden):
        return RefusalReason.KEY
    if isinstance(error, ModelNotOffered):
        return RefusalReason.MODEL
    return None if isinstance(error, TakenOver) or error.code is ErrorCode.NOT_FOUND else RefusalReason.MESSAGE
