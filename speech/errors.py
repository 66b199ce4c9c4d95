"""Errors of the speech package.

    SpeechError                anything that goes wrong with audio or a model
    ├── AudioUnreadable        a file that cannot be read as audio
    │   ├── AudioMissing       nothing is there, or it may not be opened
    │   ├── AudioUnsupported   it is not audio, or of a kind that is not read
    │   ├── AudioDamaged       it is audio, but inconsistent
    │   │   └── AudioTruncated it breaks off; what is there was read
    │   ├── AudioEmpty         it is audio of zero samples
    │   └── MediaExtraMissing  it needs the ``media`` extra
    └── VadUnavailable         a voice activity detector that cannot be loaded here

Errors about model files derive from ``SpeechError`` in ``speech.models.errors``.
"""


class SpeechError(Exception):
    """Base of everything that this package raises on purpose. The text says what to do."""


class AudioUnreadable(SpeechError):
    """The file cannot be read as audio."""


class AudioMissing(AudioUnreadable):
    """There is no such file, it is a folder, or it may not be opened."""


class AudioUnsupported(AudioUnreadable):
    """The file is not audio, or of a kind that is not read here."""


class AudioDamaged(AudioUnreadable):
    """The file is audio, but it contradicts itself. ``reason``: the same in few words, without the file's name."""

    def __init__(self, text: str, reason: str = "") -> None:
        super().__init__(text)
        self.reason = reason


class AudioTruncated(AudioDamaged):
    """The end of the recording is missing. Every sample before it has been given out."""


class AudioEmpty(AudioUnreadable):
    """The file holds no samples."""


class MediaExtraMissing(AudioUnreadable):
    """The file can be read once the ``media`` extra is installed."""


class VadUnavailable(SpeechError):
    """This voice activity detector cannot be loaded here."""
