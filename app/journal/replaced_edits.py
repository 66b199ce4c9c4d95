"""Shorten the edits in a journal that later edits replace. Pure.

Typed text is saved after each pause, each time as a line with the whole text. Without this, an hour of typing in a
long recording would make a journal that is too large to be read.
"""

from typing import Final

from app.journal.events import Edited, Reran, decode_line, encode_line, seal_of, sealed, whole_lines

LEAST: Final = 1024 * 1024
"""Shorter journals stay as they are."""
_REPLACED: Final = "…"
_EDITED: Final = b'{"type":"edited"'
_RERAN: Final = b'{"type":"reran"'


def without_replaced_edits(journal: bytes) -> bytes | None:
    """Return a journal without the texts of replaced edits; ``None`` if it would not be half as long.

    Each line keeps its number, and all other lines stay as they are, damaged or not. An edit with the text of a
    rerun stays too, because ``Take.edit_is_whole`` depends on it.
    """
    if len(journal) < LEAST:
        return None
    lines = journal[: whole_lines(journal)].split(b"\n")[:-1]
    runs = {event.text.strip() for event in map(decode_line, _of(lines, _RERAN)) if isinstance(event, Reran)}
    last = max((number for number in map(seal_of, _of(lines, _EDITED)) if number is not None), default=-1)
    new = b"".join(_shorten_edit(line, last, runs) for line in lines)
    return new if 2 * len(new) <= len(journal) else None


def _of(lines: list[bytes], start: bytes) -> list[bytes]:
    return [line for line in lines if line.startswith(start)]


def _shorten_edit(line: bytes, last: int, runs: set[str]) -> bytes:
    if line.startswith(_EDITED) and (number := seal_of(line)) is not None and number != last:
        event = decode_line(line)
        if isinstance(event, Edited) and event.text.strip() not in {"", *runs}:
            return sealed(encode_line(Edited(_REPLACED)), number)
    return line + b"\n"
