"""The broker's file that its server cannot read: recognised by the server's log, and set aside.

Sources of the messages: ``aof.c`` and ``rdb.c`` of Valkey 9 and Redis 7.
"""

import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

_FILES: Final = "appendonlydir"
_DAMAGED: Final = re.compile(
    rb"(Bad file format|Unexpected end of file|Unknown command '[^\n]*') reading the append only file"
    rb"|Invalid AOF manifest file|The AOF [^\n]* doesn't exist"
    rb"|Error reading the RDB preamble|Wrong signature trying to load|RDB CRC error|Internal error in RDB"
    rb"|Can't open or create append-only dir [^\n]*: Not a directory"
)
_NEWER: Final = re.compile(rb"Can't handle RDB format version")


def reports_damage(said: bytes) -> bool:
    """Return whether the log of an ended server reports a damaged file. A newer version's file is not damaged."""
    return _DAMAGED.search(said) is not None and _NEWER.search(said) is None


def set_aside(folder: Path) -> Path | None:
    """Rename the server's files and return the new path; ``None`` if that is impossible.

    Only the latest copy is kept.
    """
    files, kept = folder / _FILES, folder / f"{_FILES}.damaged"
    try:
        shutil.rmtree(kept, ignore_errors=True)
        with suppress(FileNotFoundError):
            kept.unlink()
        files.replace(kept)
    except OSError:
        return None
    return kept
