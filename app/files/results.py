"""Saves transcripts next to the recording or in a chosen folder, without replacing existing files."""

from contextlib import suppress
from errno import EEXIST
from os import O_CREAT, O_EXCL, O_WRONLY, close, strerror
from os import open as open_descriptor
from pathlib import Path
from typing import Final

from app.core.errors import OutputFailed
from app.core.formats import Format, render
from app.core.transcript import Transcript
from app.core.whole_file import write_whole

_MOST_NAMES: Final = 1_000


def save(transcript: Transcript, recording: Path, form: Format, folder: str = "") -> Path:
    """Write a transcript under a free name: ``talk.srt``, else ``talk (2).srt``. Raises ``OutputFailed``."""
    place = (Path(folder) if folder else recording.parent) / f"{recording.stem}.{form}"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place = _claimed(place)
    except OSError as error:
        raise _failed(place, error) from error
    try:
        save_as(transcript, recording, place, form)
    except OutputFailed:
        with suppress(OSError):
            place.unlink()
        raise
    return place


def save_as(transcript: Transcript, recording: Path, place: Path, form: Format) -> None:
    """Write a transcript to ``place`` and replace any file there. Raises ``OutputFailed``."""
    try:
        write_whole(place, render(transcript, form, str(recording)))
    except OSError as error:
        raise _failed(place, error) from error


def _claimed(wanted: Path) -> Path:
    """Create an empty file under a free name to reserve it.

    Links would not work on every disk.
    """
    for number in range(1, _MOST_NAMES):
        place = wanted if number == 1 else wanted.with_stem(f"{wanted.stem} ({number})")
        with suppress(FileExistsError):
            close(open_descriptor(place, O_CREAT | O_EXCL | O_WRONLY, 0o666))
            return place
    raise FileExistsError(EEXIST, strerror(EEXIST))


def _failed(place: Path, error: OSError) -> OutputFailed:
    return OutputFailed(f"{place} cannot be written: {error.strerror}")
