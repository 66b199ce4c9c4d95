"""Convert errors to notes, so that windows can show them in their language. Pure.

Errors of the app carry their notes. A table has the notes for errors of other packages. Other errors are shown by
their English message.
"""

from collections.abc import Callable, Iterator, Mapping
from errno import EMFILE, ENFILE
from typing import Any, Final

from app.core.errors import AppError, Note
from app.core.sentences import bare_text
from client.errors import (
    AudioGone,
    CertificateDated,
    DeviceNotKept,
    Failing,
    GatewayError,
    ModelNotOffered,
    NotPaired,
    Refused,
    TryLater,
    Unauthorised,
    Unreachable,
    WrongCertificate,
)
from protocol.errors import ErrorCode
from protocol.pairing import PairRefusal
from speech.errors import VadUnavailable
from speech.models.errors import (
    DiskFull,
    ModelBusy,
    ModelDamaged,
    ModelMissing,
    ModelUnavailable,
    ModelUnknown,
    StoreUnwritable,
)


def _not_paired(error: NotPaired) -> Note:
    if error.reason is PairRefusal.WRONG_CODE:
        return Note("pair-wrong-code", {"tries": str(error.tries_left)})
    return Note(f"pair-{error.reason.value.replace('_', '-')}")


_FOREIGN: Final[Mapping[type, Note | Callable[[Any], Note]]] = {
    GatewayError: Note("session-lost"),
    Unreachable: Note("gateway-unreachable"),
    TryLater: Note("gateway-busy"),
    Failing: Note("gateway-failing"),
    Refused: Note("gateway-refuses"),
    ModelNotOffered: Note("model-not-offered"),
    Unauthorised: Note("gateway-unauthorised"),
    WrongCertificate: Note("gateway-other-certificate"),
    CertificateDated: Note("gateway-certificate-dated"),
    DeviceNotKept: lambda error: (
        Note("pair-disk-full") if error.code is ErrorCode.DISK_FULL else Note("pair-not-kept")
    ),
    NotPaired: _not_paired,
    AudioGone: Note("audio-gone"),
    VadUnavailable: Note("vad-unavailable"),
    ModelUnknown: lambda error: Note("model-unknown", {"model": error.name}),
    ModelMissing: lambda error: Note("models-missing", {"names": error.name}),
    ModelUnavailable: lambda error: (
        Note("model-away", {"model": error.name})
        if error.may_pass
        else Note("model-unavailable", {"model": error.name})
    ),
    ModelDamaged: lambda error: Note("model-damaged", {"model": error.name}),
    ModelBusy: Note("model-busy"),
    StoreUnwritable: Note("models-unwritable"),
    DiskFull: Note("models-disk-full"),
}
"""Note of each error class of other packages, or a function that makes it; subclasses inherit it."""
_TOO_MANY_FILES: Final = frozenset({EMFILE, ENFILE})
"""Errors that can cause any other error, because recordings, microphones and connections all need descriptors."""


def note_of(error: BaseException) -> Note:
    """Return a note that states the problem and its remedy."""
    if any(isinstance(one, OSError) and one.errno in _TOO_MANY_FILES for one in _with_causes(error)):
        return Note("too-many-files")
    if isinstance(error, AppError) and error.note:
        return error.note
    for kind in type(error).__mro__:
        if found := _FOREIGN.get(kind):
            return found(error) if callable(found) else found
    text = str(error).partition("\n")[0]
    return Note("plain", {"text": bare_text(text[:1].upper() + text[1:])}) if text else unexpected_note(error)


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def unexpected_note(error: BaseException) -> Note:
    """Return a note for an unexpected error; the caller logs its traceback."""
    return Note("unexpected", {"error": type(error).__name__})
