"""Saved form of the list of files, as JSON. Pure."""

import msgspec
from msgspec import Struct

from app.core.format import Format
from app.files.queue import FileQueue, SavingOptions
from app.files.view import FileView


class _List(Struct, frozen=True):
    files: tuple[FileView, ...] = ()
    forms: tuple[Format, ...] = SavingOptions().forms
    folder: str = ""
    following: int = 1


def encode(queue: FileQueue) -> str:
    """Encode the list for ``decode`` of any version."""
    document = _List(queue.files, queue.saving.forms, queue.saving.folder, queue.following)
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def decode(document: str) -> FileQueue | None:
    """Decode a saved list; ``None`` if the document is invalid."""
    try:
        found = msgspec.json.decode(document, type=_List)
    except msgspec.MsgspecError:
        return None
    return FileQueue(found.files, SavingOptions(found.forms, found.folder), found.following)
