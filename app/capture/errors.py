"""Errors of the journal and of the microphone.

JournalError            base (an ``AppError``)
├── TakeUnknown         there is no such take
├── TakeBusy            another process works on this take
├── TakeDamaged         it cannot be read as a take
├── NotDeleted          the disk does not let go of it
└── NotKept             the disk does not take what must be kept (a ``GatewayError`` too: it ends a session)
    └── DiskRefuses     it says that it takes nothing now: later it may

MicrophoneError         base (an ``AppError``)
├── AudioLibraryMissing PortAudio, or its Python package, is not installed
├── NoMicrophone        there is none
├── MicrophoneNotFound  the one that was chosen is not there
├── MicrophoneRefused   it is there and gives nothing
└── SpeakerRefused      there is no output that can be used
"""

from collections.abc import Sequence

from app.errors import AppError
from client.errors import GatewayError


class JournalError(AppError):
    """Base. The text says what to do about it."""


class TakeUnknown(JournalError):
    """There is no such take."""


class TakeBusy(JournalError):
    """Another process works on this take."""


class TakeDamaged(JournalError):
    """What is in its folder cannot be read as a take. Nothing of it is deleted by itself."""


class NotDeleted(JournalError):
    """The disk does not let go of it; it may be gone in part."""


class NotKept(JournalError, GatewayError):
    """The disk does not take it: nothing was written, nothing may be sent."""


class DiskRefuses(NotKept):
    """It says so; once there is room it may take it."""


class MicrophoneError(AppError):
    """Base. The text says what to do about it."""


class AudioLibraryMissing(MicrophoneError):
    """PortAudio, or its Python package, is not installed."""


class NoMicrophone(MicrophoneError):
    """There is none; ``names`` are inputs that exist although none is the system's default."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        if names:
            super().__init__(f"the system has no default microphone: choose one of {', '.join(names)}")
        else:
            super().__init__("no microphone found: plug one in, or allow this program to use it, and try again")
        self.names = tuple(names)


class MicrophoneNotFound(MicrophoneError):
    """The one that was chosen is not there."""

    def __init__(self, choice: str, names: Sequence[str]) -> None:
        super().__init__(f"no microphone is called {choice!r}: plug it in, or choose one of {', '.join(names)}")
        self.choice = choice


class MicrophoneRefused(MicrophoneError):
    """It is there and gives nothing."""

    def __init__(self, name: str, reason: str) -> None:
        advice = "see that no other program has it for itself and that this one may use it, or choose another"
        super().__init__(f"the microphone {name} cannot be used ({reason}): {advice}")
        self.device = name


class SpeakerRefused(MicrophoneError):
    """There is no output that can be used."""
