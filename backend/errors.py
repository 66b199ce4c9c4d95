"""Errors of the gateway itself. What a client did wrong is in ``protocol.errors``.

    BackendError
    ├── BrokerError            anything about Redis or Valkey
    │   ├── BrokerUnreachable  nobody answers, or not in time
    │   ├── BrokerTooOld       it answers, but lacks what the scripts need
    │   ├── BrokerMismatch     it holds data of another layout
    │   ├── BrokerBusy         more commands wait for it than may
    │   ├── BrokerLocked       another broker has this data folder
    │   └── BrokerFailed       it cannot be started, or it refused a command
    ├── SettingsError          settings, or what an owner asks for, that cannot be followed
    │   └── UnknownDevice      no paired device is called that
    ├── CertificateUnusable    a certificate or private key that cannot be read, or that are no pair
    ├── DevicesUnreadable      the list of paired devices is damaged, or cannot be read
    ├── PairingFailed          no device was paired
    ├── HistoryError           anything about the history
    │   ├── HistoryUnavailable its database cannot be used now: it may be tried again
    │   ├── HistoryRefused     it does not take what it was given, and never will
    │   └── HistoryBusy        more is asked of it than may wait
    ├── MediaUnreadable        a submitted file that cannot be read to its end
    ├── MediaReaderKilled      the process that reads a submitted file died by a signal: it may be tried again
    ├── RequestRefused         something is asked for over HTTP that cannot be done as things stand
    └── OverQuota              somebody asks for more than is taken now

``TryLater``, ``TooBusy`` and ``ModelNotOffered`` are ``ProtocolError``s, because a client is told, but not the
client's mistakes.
"""

from backend.admission import Refusal
from backend.observing import RefusalReason
from protocol.errors import CloseCode, ErrorCode, Forbidden, ProtocolError, TakenOver, Unauthorised


class BackendError(Exception):
    """Base of everything that goes wrong on the gateway's side. The text says what to do about it."""


class BrokerError(BackendError):
    """Something is wrong with Redis or Valkey. ``trouble``: a ``protocol.monitor.BrokerTrouble``, if it is one."""

    def __init__(self, message: str = "", trouble: str = "") -> None:
        super().__init__(message)
        self.trouble = trouble


class BrokerUnreachable(BrokerError):
    """Nobody answers, or not in time."""


class BrokerTooOld(BrokerError):
    """It answers, but lacks what the scripts need."""


class BrokerMismatch(BrokerError):
    """It holds data of another layout than this gateway was told to use."""


class BrokerBusy(BrokerError):
    """More commands wait for it than may: try again later."""


class BrokerLocked(BrokerError):
    """Another broker runs on this data folder and cannot be adopted."""


class BrokerFailed(BrokerError):
    """It cannot be started, or it refused a command that it should know."""


class SettingsError(BackendError):
    """Settings, or what an owner asks for, that cannot be followed."""


class UnknownDevice(SettingsError):
    """No paired device is called that, or several are."""


class CertificateUnusable(BackendError):
    """A certificate or private key that cannot be read, or the two are no pair."""


class DevicesUnreadable(BackendError):
    """The list of paired devices is damaged, or cannot be read."""


class PairingFailed(BackendError):
    """No device was paired, for the person who waited for it."""


class HistoryError(BackendError):
    """Something is wrong with the history."""


class HistoryUnavailable(HistoryError):
    """Its database cannot be used now; nothing has changed, and it may be tried again."""


class HistoryRefused(HistoryError):
    """Its database does not take what it was given, and never will; nothing has changed."""


class HistoryBusy(HistoryError):
    """More is asked of it than may wait: try again later."""


class MediaUnreadable(BackendError):
    """A submitted file that cannot be read to its end."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class MediaReaderKilled(BackendError):
    """The process that reads a submitted file died by a signal, which says nothing about the file."""


class RequestRefused(BackendError):
    """Something is asked for over HTTP that cannot be done as things stand."""

    def __init__(self, status: int, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class OverQuota(BackendError):
    """Somebody asks for more than is taken now, or than his key may; ``refusal`` is what he is told."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class TryLater(ProtocolError):
    """This connection's audio cannot be taken now: come back, here or elsewhere."""

    code = ErrorCode.BROKER_UNAVAILABLE
    close = CloseCode.TRY_AGAIN_LATER


class TooBusy(TryLater):
    """No new sessions now; without a ``refusal`` nobody knows why any more."""

    code = ErrorCode.BUSY

    def __init__(self, refusal: Refusal | None) -> None:
        super().__init__(refusal.message if refusal else "no new sessions are taken now")
        self.reason = refusal.reason if refusal else RefusalReason.LOAD


class ModelNotOffered(ProtocolError):
    """No worker has had the model for long. The text names the models on offer."""

    code = ErrorCode.MODEL_UNAVAILABLE
    close = CloseCode.UNSUPPORTED_DATA


def reason_of(error: ProtocolError) -> RefusalReason | None:
    """As what to count it; ``None``: nothing was refused, somebody else came or nothing is there."""
    if isinstance(error, TooBusy):
        return error.reason
    if isinstance(error, TryLater):
        return RefusalReason.BROKER
    if isinstance(error, Unauthorised | Forbidden):
        return RefusalReason.KEY
    if isinstance(error, ModelNotOffered):
        return RefusalReason.MODEL
    return None if isinstance(error, TakenOver) or error.code is ErrorCode.NOT_FOUND else RefusalReason.MESSAGE
