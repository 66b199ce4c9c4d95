"""Find recordings in the files and folders that a user dropped or named. Blocks."""

import math
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from app.core.errors import UsageMistake

_AUDIO: Final = (
    "aac",
    "aif",
    "aiff",
    "amr",
    "au",
    "caf",
    "flac",
    "m4a",
    "m4b",
    "mka",
    "mp3",
    "oga",
    "ogg",
    "opus",
    "w64",
    "wav",
)
_VIDEO: Final = ("3gp", "avi", "flv", "m4v", "mkv", "mov", "mp4", "webm", "wma", "wmv")
KINDS: Final = _AUDIO + _VIDEO
"""Extensions that are recordings in folders. A named file may have any extension; reading it checks the format."""

_MOST_VISITED: Final = 20_000


class FoundFiles(NamedTuple):
    """Paths of recordings; ``left_out``: number of recordings found beyond the limit."""

    paths: tuple[str, ...]
    left_out: int


def find(paths: Iterable[str], most: int) -> FoundFiles:
    """Return up to ``most`` recordings: named files, and the visible recordings in named folders by name."""
    found: dict[str, None] = {}
    for named in paths:
        path = Path(os.path.abspath(named))
        members = islice(_recordings(path), _MOST_VISITED) if os.path.isdir(path) else iter((path,))
        found.update(dict.fromkeys(map(str, members)))
    return FoundFiles(tuple(islice(found, most)), max(0, len(found) - most))


def named_recordings(paths: Iterable[Path]) -> list[Path]:
    """Return the named files, and the recordings in named folders except those already in the list.

    Raises ``UsageMistake`` for a folder without recordings.
    """
    found: list[Path] = []
    for path in paths:
        if not os.path.isdir(path):  # unlike ``Path.is_dir``, false where the disk refuses to say
            found.append(path)
            continue
        members = list(_recordings(path, math.inf))
        if not members:
            raise UsageMistake(f"{path} {_why_empty(path)}: name recordings, or a folder that has some")
        known = set(found)
        found += [member for member in members if member not in known]
    return found


def _why_empty(folder: Path) -> str:
    try:
        os.scandir(folder).close()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "has no audio or video files"


def _recordings(folder: Path, most: float = _MOST_VISITED) -> Iterator[Path]:
    """Yield the recordings below a folder; skip links to folders, and unreadable folders."""
    visited = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and os.path.splitext(name)[1][1:].lower() in KINDS:
                yield Path(place, name)
        visited += len(folders) + len(names)
        if visited > most:
            return
