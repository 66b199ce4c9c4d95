"""Log lines as people read them, a filter for them, and a reader that follows the files of all programs.

``runtime.logs`` writes the lines. ``timeline.segment_facts`` reads those of a session as events.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from runtime.whole_file import open_regular

LEVELS: Final = ("debug", "info", "warning", "error", "critical")
"""In order of severity."""

_OTHER_NAMES: Final = {"warn": "warning", "exception": "error", "fatal": "critical"}
_OWN_PLACE: Final = frozenset({"timestamp", "level", "event", "program", "logger", "exception"})


@dataclass(frozen=True, eq=False, slots=True)
class LogLine:
    """Line of a log.

    ``at_s``: seconds since 1970. ``details``: other fields as NAME=VALUE. ``raw``: the original line.

    An unreadable line has no level, and its ``event`` is the whole line.
    """

    at_s: float
    program: str
    level: str
    event: str
    details: str
    raw: str


@dataclass(frozen=True)
class LogFilter:
    """Filter of log lines.

    ``level``: the lowest shown. ``program``: empty for all. ``text``: ignores case.
    """

    level: str = LEVELS[0]
    program: str = ""
    text: str = ""

    def lets_through(self, line: LogLine) -> bool:
        """Return whether the line matches.

        Unreadable lines match every level.
        """
        if self.program and line.program != self.program:
            return False
        if line.level and LEVELS.index(line.level) < LEVELS.index(self.level):
            return False
        return not self.text or self.text.casefold() in line.raw.casefold()


def parse(raw: str, program: str, before_s: float) -> LogLine:
    """Parse a line of ``program``'s log.

    An unreadable line gets the time of the previous one, ``before_s``.
    """
    fields = as_object(raw)
    at_s = seconds_of(fields.get("timestamp")) if fields else None
    if fields is None or at_s is None:
        return LogLine(before_s, program, "", raw, "", raw)
    stated = str(fields.get("level", "")).lower()
    level = _OTHER_NAMES.get(stated, stated)
    details = " ".join(f"{name}={value_text(value)}" for name, value in fields.items() if name not in _OWN_PLACE)
    exception = str(fields.get("exception", "")).strip().rpartition("\n")[2]
    event = str(fields.get("event", ""))
    return LogLine(
        at_s, program, level if level in LEVELS else "info", event, f"{details} {exception}".strip(), raw
    )


def as_object(raw: str) -> Mapping[str, Any] | None:
    """Return the fields of a line; ``None`` if it is not a JSON object."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def seconds_of(timestamp: object) -> float | None:
    """Return a line's timestamp in seconds since 1970; ``None`` if it is none."""
    try:
        at = datetime.fromisoformat(str(timestamp))
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def value_text(value: object) -> str:
    """Return the value of a field as a text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


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

    file: int = 0
    read: int = 0
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
        with open_regular(path) as file:
            status = os.fstat(file.fileno())
            if place is None:
                added = self._read_tail(path, file)
                place = self._places[program] = _Place()
            elif place.file != status.st_ino or status.st_size < place.read:
                added = self._read_rotated(path, place) + _end_of(file, self._most_bytes)
            else:
                added = _end_of(file, self._most_bytes, place.read)
            place.file, place.read = status.st_ino, file.tell()
        return list(_lines(added, program, place))

    def _read_tail(self, path: Path, file: BinaryIO) -> bytes:
        """Return the end of this file and of its rotated predecessors, up to the limit."""
        parts = [_end_of(file, self._most_bytes)]
        room = self._most_bytes - file.tell()
        for number in range(1, _ROTATED + 1):
            older = path.with_name(f"{path.name}.{number}")
            if room <= 0 or not older.is_file():
                break
            parts.append(tail_of(older, room))
            room -= older.stat().st_size
        return b"".join(reversed(parts))

    def _read_rotated(self, path: Path, place: _Place) -> bytes:
        """Return what was added to the file before its rotation."""
        older = path.with_name(f"{path.name}.1")
        try:
            with open_regular(older) as file:
                if os.fstat(file.fileno()).st_ino == place.file:
                    return _end_of(file, self._most_bytes, place.read)
        except OSError:
            pass
        place.rest = b""  # the end of that line is lost
        return b""


def logs_in(folder: Path) -> list[Path]:
    """Return the current log of each program."""
    return sorted(folder.glob(f"*{_ENDING}"))


def tail_of(path: Path, most_bytes: int) -> bytes:
    """Return the end of a file, starting at the beginning of a line."""
    with open_regular(path) as file:
        return _end_of(file, most_bytes)


def _end_of(file: BinaryIO, most_bytes: int, start: int = 0) -> bytes:
    """Return the bytes from ``start`` on; if these are too many, only the last whole lines."""
    begin = max(start, file.seek(0, os.SEEK_END) - most_bytes)
    file.seek(begin)
    found = file.read(most_bytes)
    return found if begin == start else found.partition(b"\n")[2]


def _lines(added: bytes, program: str, place: _Place) -> Iterator[LogLine]:
    whole, end, rest = (place.rest + added).rpartition(b"\n")
    place.rest = rest[-_LONGEST_LINE:]
    for raw in whole.split(b"\n") if end else ():
        if text := raw[:_LONGEST_LINE].decode(errors="replace").strip():
            line = parse(text, program, place.at_s)
            place.at_s = line.at_s
            yield line
