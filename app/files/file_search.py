"""Recordings in the files and folders that a user dropped. Blocks."""

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

_AUDIO: Final = (
    "aac",
    "aif",
    "aiff",
    "amr",
    "caf",
    "flac",
    "m4a",
    "m4b",
    "mp3",
    "oga",
    "ogg",
    "opus",
    "w64",
    "wav",
)
_VIDEO: Final = ("3gp", "avi", "flv", "m4v", "mkv", "mov", "mp4", "webm", "wma", "wmv")
KINDS: Final = _AUDIO + _VIDEO
"""Extensions of audio and video. A file named by the user is accepted with any extension: its reader checks it."""

_MOST_VISITED: Final = 20_000


class FoundFiles(NamedTuple):
    """Paths of recordings.

    ``left_out``: number of further recordings that were found.
    """

    paths: tuple[str, ...]
    left_out: int


def find(paths: Iterable[str], most: int) -> FoundFiles:
    """Return the named files, and for each named folder its visible recordings, sorted by name."""
    found: dict[str, None] = {}
    for named in paths:
        path = Path(os.path.abspath(named))
        members = islice(_recordings(path), _MOST_VISITED) if path.is_dir() else iter((path,))
        found.update(dict.fromkeys(map(str, members)))
    return FoundFiles(tuple(islice(found, most)), max(0, len(found) - most))


def _recordings(folder: Path) -> Iterator[Path]:
    """Yield the recordings below a folder, without following links to folders and skipping unreadable ones."""
    visited = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and os.path.splitext(name)[1][1:].lower() in KINDS:
                yield Path(place, name)
        visited += len(folders) + len(names)
        if visited > _MOST_VISITED:
            return
