"""Errors of the microphone.

MicrophoneError         base (an ``AppError``)
├── AudioLibraryMissing PortAudio is not installed
│   └── AudioPackageMissing the Python package is not installed
├── NoMicrophone        no microphone exists, or none is the default
├── MicrophoneNotFound  the chosen microphone is absent
├── MicrophoneRefused   the microphone is present but cannot be used
└── SpeakerRefused      no audio output can be used
"""

from collections.abc import Sequence

from app.core.errors import AppError, Note
from runtime.installing import extra_command


class MicrophoneError(AppError):
    """The base of all microphone errors. The text contains the remedy."""


class AudioLibraryMissing(MicrophoneError):
    """An error: PortAudio is not installed."""

    note = Note("audio-library-missing")


class AudioPackageMissing(AudioLibraryMissing):
    """An error: the Python package of PortAudio is not installed, as on a server, which needs no microphone."""

    note = Note("audio-package-missing", {"install": extra_command("desktop")})


class NoMicrophone(MicrophoneError):
    """An error: no microphone exists, or none is the system's default. ``names``: the inputs that exist."""

    note = Note("no-microphone")

    def __init__(self, names: Sequence[str] = ()) -> None:
        if names:
            super().__init__(f"the system has no default microphone: choose one of {', '.join(names)}")
            self.note = Note("no-default-microphone", {"names": ", ".join(names)})
        else:
            super().__init__("no microphone found: connect one, or allow this program to use it, and try again")
        self.names = tuple(names)


class MicrophoneNotFound(MicrophoneError):
    """An error: the chosen microphone is absent."""

    def __init__(self, choice: str, names: Sequence[str]) -> None:
        super().__init__(f"no microphone is named {choice!r}: connect it, or choose one of {', '.join(names)}")
        self.choice = choice
        self.note = Note("microphone-not-found", {"choice": choice})


class MicrophoneRefused(MicrophoneError):
    """An error: the microphone is present but cannot be used."""

    def __init__(self, name: str, reason: str) -> None:
        advice = "close other programs that use it, allow this one to use it, or choose another"
        super().__init__(f"the microphone {name} cannot be used ({reason}): {advice}")
        self.device = name
        self.note = Note("microphone-refused", {"device": name})


class SpeakerRefused(MicrophoneError):
    """An error: no audio output can be used."""

    note = Note("speaker-refused")
