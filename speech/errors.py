"""Errors of the speech package.

    SpeechError                errors of audio and models
    ├── AudioUnreadable        a file that cannot be read as audio
    │   ├── AudioMissing       no such file, or no permission to open it
    │   ├── AudioUnsupported   not audio, or an unsupported format
    │   ├── AudioDamaged       audio, but inconsistent
    │   │   └── AudioTruncated a part, mostly the end, is missing; the rest was read
    │   ├── AudioEmpty         audio of zero samples
    │   └── MediaExtraMissing  a file that needs the ``media`` extra
    └── VadUnavailable         a voice activity detector that cannot be loaded here

Errors about model files derive from ``SpeechError`` in ``speech.models.errors``.
"""


class SpeechError(Exception):
    """Base class of the package's errors. The message says what to do."""


class AudioUnreadable(SpeechError):
    """File that cannot be read as audio."""


class AudioMissing(AudioUnreadable):
    """File that does not exist, is a folder, or may not be opened."""


class AudioUnsupported(AudioUnreadable):
    """File that is not audio, or has an unsupported format."""


class AudioDamaged(AudioUnreadable):
    """Audio file that contradicts itself. ``reason``: a short explanation without the file's name."""

    def __init__(self, text: str, reason: str = "") -> None:
        super().__init__(text)
        self.reason = reason


class AudioTruncated(AudioDamaged):
    """Recording of which a part is missing, in most cases the end. All other samples have been returned."""


class AudioEmpty(AudioUnreadable):
    """Audio file without any samples."""


class MediaExtraMissing(AudioUnreadable):
    """File that can be read once the ``media`` extra is installed."""


class VadUnavailable(SpeechError):
    """Voice activity detector that cannot be loaded on this computer."""
