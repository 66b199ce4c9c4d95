"""Search for the lines of one session in all logs of some folders, including rotated and compressed ones. Blocks.

Files are searched as bytes in chunks. Only lines with the session, or with an event of a whole process, are
decoded. Memory is bounded.
"""

import gzip
import os
import re
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from app.core.errors import AppError
from app.diagnostics.report.log_lines import tail_of
from app.diagnostics.timeline.segment_facts import LoggedEvent, logged_event
from app.diagnostics.timeline.sentences import PROCESS_EVENTS
from runtime.folders import refusal
from runtime.loggers import CLIENT_STORY
from runtime.whole_file import open_regular

MOST_LINES: Final = 200_000
"""Limit for one session, which has at most 65,536 segments."""

_MOST_AROUND: Final = 20_000
_AROUND_MS: Final = 2_000.0
_PIECE: Final = 1 << 20
_LONGEST_LINE: Final = 1 << 20
_TAIL: Final = 1 << 18
_TAIL_LINES: Final = 1_000
_MOST_NAMED: Final = 8
_SESSION: Final = re.compile(rb'"session": ?"([0-9a-f-]{36})"')
_NAME: Final = re.compile(r"[0-9a-f-]{4,36}")
_LOG: Final = re.compile(r"[\w.-]+\.jsonl(\.\d+)?(\.gz)?")
_SPOKE: Final = f'"logger": "{CLIENT_STORY.name}"'.encode()
_MARKS: Final = tuple(f'"{event}"'.encode() for event in PROCESS_EVENTS)


class SessionNotFound(AppError):
    """Failure to find one session: no such session, several, or no logs."""


@dataclass(frozen=True)
class SessionLines:
    """Lines of a session and process-level lines.

    ``left_out``: lines of the session over the limit.
    """

    session: str
    lines: list[LoggedEvent]
    left_out: int = 0


def find(name: str, folders: Sequence[Path]) -> SessionLines:
    """Find a session by its id, the beginning of its id, or ``last``. Raises ``SessionNotFound``."""
    files = [(number, path) for number, folder in enumerate(folders) for path in logs_of(folder)]
    if not files:
        refused = next(filter(None, map(refusal_of, folders)), None)
        raise SessionNotFound(
            refusal(refused) if refused else f"there are no logs in {', '.join(map(str, folders))}"
        )
    session = _newest(files) if name == "last" else _full_session_id(name.lower(), files)
    own, count = deque[LoggedEvent](maxlen=MOST_LINES), 0
    for computer, path in files:
        for raw in _matching(path, (session.encode(),)):
            if (line := logged_event(raw, computer)) is not None and line.named and line.session == session:
                own.append(line)
                count += 1
    return SessionLines(session, [*own, *_process_lines(own, files)], count - len(own))


def _process_lines(own: Iterable[LoggedEvent], files: Iterable[tuple[int, Path]]) -> Iterable[LoggedEvent]:
    """Return process-level lines of the same period on the same computer."""
    times: dict[int, list[float]] = {}
    for line in own:
        times.setdefault(line.computer, []).append(line.at_ms)
    found = deque[LoggedEvent](maxlen=_MOST_AROUND)
    for computer, path in files:
        if (known := times.get(computer)) is None:
            continue
        first, last = min(known) - _AROUND_MS, max(known) + _AROUND_MS
        for raw in _matching(path, _MARKS):
            around = logged_event(raw, computer)
            if around is None or around.session or around.event not in PROCESS_EVENTS:
                continue
            if first <= around.at_ms <= last:
                found.append(around)
    return found


def logs_of(folder: Path) -> list[Path]:
    """Return the log files of a folder by program, oldest first."""
    with suppress(OSError):
        return sorted((path for path in folder.iterdir() if _LOG.fullmatch(path.name)), key=_age, reverse=True)
    return []


def refusal_of(folder: Path) -> OSError | None:
    """Return the error for which a folder of logs cannot be read; ``None`` if it can, or is not there. Blocks."""
    try:
        os.scandir(folder).close()
    except FileNotFoundError:
        return None
    except OSError as error:
        return error
    return None


def _age(path: Path) -> tuple[str, int]:
    program, _, rest = path.name.partition(".jsonl")
    number = rest.removesuffix(".gz").lstrip(".")
    return program, int(number) if number.isdigit() else 0


def oldest_line(folders: Sequence[Path]) -> LoggedEvent | None:
    """Return the oldest line of all logs."""
    oldest: LoggedEvent | None = None
    for number, folder in enumerate(folders):
        for path in logs_of(folder):
            first = next(_lines(path), None)
            line = logged_event(first, number) if first else None
            if line is not None and (oldest is None or line.at_ms < oldest.at_ms):
                oldest = line
    return oldest


def _full_session_id(name: str, files: Iterable[tuple[int, Path]]) -> str:
    if not _NAME.fullmatch(name):
        raise SessionNotFound(
            f"{name!r} is not (the beginning of) a session's id: give at least four of its characters"
        )
    if len(name) == 36:
        return name
    wanted, found = name.encode(), dict[str, None]()
    for _, path in files:
        for raw in _matching(path, (b'"' + wanted,)):
            for one in _SESSION.findall(raw):
                if one.startswith(wanted):
                    found[one.decode()] = None
        if len(found) > _MOST_NAMED:
            break
    if not found:
        raise SessionNotFound(f"no session in these logs begins with {name}: see `kikipounamu takes list`")
    if len(found) > 1:
        names = ", ".join(list(found)[:_MOST_NAMED])
        raise SessionNotFound(
            f"several sessions begin with {name}: {names}{', …' if len(found) > _MOST_NAMED else ''}"
        )
    return next(iter(found))


def _newest(files: Iterable[tuple[int, Path]]) -> str:
    """Return the session that a client logged last, or any program if no client's log exists."""
    best: tuple[bool, float, str] | None = None
    for number, path in files:
        for raw in reversed(_tail(path)):
            line = logged_event(raw, number) if _SESSION.search(raw) else None
            if line is None or not line.named:
                continue
            of = (_SPOKE in raw, line.at_ms, line.session)
            best = of if best is None or of[:2] > best[:2] else best
            if of[0]:
                break
    if best is None:
        raise SessionNotFound("these logs contain no session")
    return best[2]


def _tail(path: Path) -> list[bytes]:
    if path.suffix == ".gz":
        return list(deque(_lines(path), maxlen=_TAIL_LINES))
    with suppress(OSError):
        return tail_of(path, _TAIL).splitlines()
    return []


def _matching(path: Path, marks: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the lines that contain one of the marks."""
    for piece in pieces(path):
        yield from found_in(piece, marks)


def found_in(piece: bytes, marks: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the lines of a chunk that contain one of the marks."""
    starts = set[int]()
    for mark in marks:
        at = piece.find(mark)
        while at >= 0:
            starts.add(piece.rfind(b"\n", 0, at) + 1)
            end = piece.find(b"\n", at)
            at = -1 if end < 0 else piece.find(mark, end)
    for start in sorted(starts):
        end = piece.find(b"\n", start)
        yield piece[start : len(piece) if end < 0 else end]


def _lines(path: Path) -> Iterator[bytes]:
    for piece in pieces(path):
        yield from piece.splitlines()


def pieces(path: Path) -> Iterator[bytes]:
    """Yield chunks of whole lines.

    Read errors end the file silently, because logs may be rotated while they are read.
    """
    rest = b""
    with suppress(OSError, EOFError, zlib.error), _open_log(path) as file:
        while read := file.read(_PIECE):
            whole, _, rest = (rest + read).rpartition(b"\n")
            if len(rest) > _LONGEST_LINE:
                rest = b""
            if whole:
                yield whole
    if rest:
        yield rest


def _open_log(path: Path) -> BinaryIO:
    file = open_regular(path)
    if path.suffix != ".gz":
        return file
    file.close()
    return cast(BinaryIO, gzip.open(path, "rb"))
