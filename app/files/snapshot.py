"""Saved form of the list of files, as JSON. Pure."""

from typing import Final

import msgspec
from msgspec import Struct

from app.core.errors import Note
from app.core.format import Format
from app.files.queue import FileQueue, QueuedFile, Saving
from app.files.view import FileState, FileView


class _File(Struct, frozen=True, omit_defaults=True):
    file: int
    path: str
    state: FileState
    position_s: float = 0.0
    duration_s: float | None = None
    text: str = ""
    note: Note | None = None
    results: tuple[str, ...] = ()
    gaps: bool = False
    again: bool = False
    truncated: bool = False


_OF_VIEW: Final = tuple(name for name in _File.__struct_fields__ if name != "again")


class _List(Struct, frozen=True):
    files: tuple[_File, ...] = ()
    forms: tuple[Format, ...] = Saving().forms
    folder: str = ""
    following: int = 1


def encode(queue: FileQueue) -> str:
    """Encode the list for ``decode`` of any version."""
    files = tuple(_saved(entry) for entry in queue.entries)
    document = _List(files, queue.saving.forms, queue.saving.folder, queue.following)
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def decode(document: str) -> FileQueue | None:
    """Decode a saved list; ``None`` if the document is invalid."""
    try:
        found = msgspec.json.decode(document, type=_List)
    except msgspec.MsgspecError:
        return None
    return FileQueue(map(_entry, found.files), Saving(found.forms, found.folder), found.following)


def _saved(entry: QueuedFile) -> _File:
    return _File(**{name: getattr(entry.view, name) for name in _OF_VIEW}, again=entry.again)


def _entry(saved: _File) -> QueuedFile:
    return QueuedFile(FileView(**{name: getattr(saved, name) for name in _OF_VIEW}), saved.again)
