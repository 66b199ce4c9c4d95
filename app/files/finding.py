"""Which recordings are meant by what somebody dropped. Blocks."""

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
"""Endings of audio and video. A file that is named is taken whatever its ending is: its reader looks into it."""

_MOST_LOOKED_AT: Final = 20_000


class Found(NamedTuple):
    """``left_out``: so many more were there, of those that were looked at."""

    paths: tuple[str, ...]
    left_out: int


def find(paths: Iterable[str], most: int) -> Found:
    """The files that are named, and the recordings in folders that are, without hidden ones, sorted by name."""
    found: dict[str, None] = {}
    for named in paths:
        path = Path(os.path.abspath(named))
        members = islice(_recordings(path), _MOST_LOOKED_AT) if path.is_dir() else iter((path,))
        found.update(dict.fromkeys(map(str, members)))
    return Found(tuple(islice(found, most)), max(0, len(found) - most))


def _recordings(folder: Path) -> Iterator[Path]:
    """Links to folders are not followed, and what may not be read is passed over."""
    looked_at = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and os.path.splitext(name)[1][1:].lower() in KINDS:
                yield Path(place, name)
        looked_at += len(folders) + len(names)
        if looked_at > _MOST_LOOKED_AT:
            return
