"""Logs of all programs on this computer: the end of each file, then every addition. Blocks."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from app.diagnostics.report.log_lines import LogLine, parse

MOST_BYTES: Final = 2_000_000
"""Most bytes that one read takes from one program; older ones are skipped."""

MOST_LINES: Final = 20_000
"""Most lines kept for all programs together."""

_ENDING: Final = ".jsonl"
_LONGEST_LINE: Final = 20_000
_ROTATED: Final = 9


@dataclass
class _Place:
    """Position in a log.

    ``file``: its inode. ``rest``: the start of an incomplete line.
    """

    file: int
    read: int
    rest: bytes = b""
    at_s: float = 0.0


class LogReader:
    """Merged log of all programs.

    Call ``read`` repeatedly; ``lines`` end with the newest. For one thread at a time.
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES, most_lines: int = MOST_LINES) -> None:
        self.lines: list[LogLine] = []
        self._folder = folder
        self._most_bytes, self._most_lines = most_bytes, most_lines
        self._places: dict[str, _Place] = {}

    @property
    def programs(self) -> tuple[str, ...]:
        """Names of the programs that have a log."""
        return tuple(sorted(self._places))

    def read(self) -> bool:
        """Read what was added since the last call, and return whether anything was."""
        new: list[LogLine] = []
        for path in logs_in(self._folder):
            try:
                new += self._read_program(path)
            except OSError:  # being rotated, or unreadable
                continue
        if new:
            self.lines += new
            self.lines.sort(key=lambda line: line.at_s)  # fast, because each part is sorted already
            del self.lines[: -self._most_lines]
        return bool(new)

    def _read_program(self, path: Path) -> list[LogLine]:
        program, place = path.name.removesuffix(_ENDING), self._places.get(path.name.removesuffix(_ENDING))
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if place is None:
                added = self._whole_tail(path, file, status.st_size)
                place = self._places[program] = _Place(status.st_ino, status.st_size)
            elif place.file != status.st_ino or status.st_size < place.read:
                added = self._over_rotation(path, place) + self._from(file, 0)
                place.file, place.read = status.st_ino, file.tell()
            else:
                added = self._from(file, place.read)
                place.read = file.tell()
        return list(_lines(added, program, place))

    def _whole_tail(self, path: Path, file: BinaryIO, size: int) -> bytes:
        """Return the end of this file and of its rotated predecessors, up to the limit."""
        file.seek(max(0, size - self._most_bytes))
        parts = [file.read(size - file.tell())]
        for number in range(1, _ROTATED + 1):
            room = self._most_bytes - sum(map(len, parts))
            older = path.with_name(f"{path.name}.{number}")
            if room <= 0 or not older.is_file():
                return b"".join(reversed(parts))
            parts.append(tail_of(older, room))
        return b"".join(reversed(parts))

    def _over_rotation(self, path: Path, place: _Place) -> bytes:
        """Return what was added to the file before its rotation."""
        older = path.with_name(f"{path.name}.1")
        try:
            with older.open("rb") as file:
                if os.fstat(file.fileno()).st_ino == place.file:
                    return self._from(file, place.read)
        except OSError:
            pass
        place.rest = b""  # the end of that line is lost
        return b""

    def _from(self, file: BinaryIO, start: int) -> bytes:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(start, size - self._most_bytes))
        return file.read(self._most_bytes)


def logs_in(folder: Path) -> list[Path]:
    """Return the current log of each program."""
    return sorted(folder.glob(f"*{_ENDING}"))


def tail_of(path: Path, most_bytes: int) -> bytes:
    """Return the end of a file, starting at the beginning of a line."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - most_bytes))
        found = file.read(most_bytes)
    return found if size <= most_bytes else found.partition(b"\n")[2]


def _lines(added: bytes, program: str, place: _Place) -> Iterator[LogLine]:
    whole, end, rest = (place.rest + added).rpartition(b"\n")
    place.rest = rest[-_LONGEST_LINE:]
    for raw in whole.split(b"\n") if end else ():
        if text := raw[:_LONGEST_LINE].decode(errors="replace").strip():
            line = parse(text, program, place.at_s)
            place.at_s = line.at_s
            yield line
