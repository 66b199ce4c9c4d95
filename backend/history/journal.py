"""Write ``asr_history.jsonl``: one line for each text, for ``jq`` and other line readers.

Use from one thread only.

The file is a convenience in addition to the history: a failed write is logged once and its lines are lost. Lines
that are deleted from the history are deleted here too. No incomplete line remains: readers and the cleaning
could not parse past it.
"""

import os
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from io import FileIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

import msgspec

from backend.history.folding import OVER, day_of
from backend.history.records import FeedEntry
from protocol.audio import samples_to_seconds
from protocol.errors import NOT_JSON
from protocol.job import Result
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.folders import private_folder

log = loggers.BACKEND_HISTORY_JOURNAL


if TYPE_CHECKING:
    from backend.history.store import Store


_MOST_BYTES: Final = 20_000_000
_OLD: Final = 5
_MOST_CANCELLED: Final = 10_000
_OVERLAP_MS: Final = 600_000  # allowed clock difference between gateways that share a history
_BLOCK_BYTES: Final = 1 << 20
_HEAD: Final = re.compile(rb'\{"at":"([^"]*)","session":"([^"]*)","segment":(\d+),')


class TextJournal:
    """The file of recognised texts and its rotated parts, all of mode 0600.

    ``most_bytes``: the size at which the file becomes ``asr_history.jsonl.1``; five old parts are kept.
    ``days``: the maximum age of a line; 0: no limit.
    """

    def __init__(self, place: Path, days: int = 0, most_bytes: int = _MOST_BYTES) -> None:
        self._places = [place, *(place.with_name(f"{place.name}.{n}") for n in range(1, _OLD + 1))]
        self._days = days
        self._most_bytes = most_bytes
        self._works = True
        self._cancelled: set[tuple[bytes, bytes]] = set()
        self._known: set[str] = set()  # deleted since then, and already cleaned here
        self._since_ms = 0
        self._cleaning: _Cleaning | None = None

    def write(self, entries: Sequence[FeedEntry]) -> None:
        """Append a line for each text. Remember cancelled segments for ``clean``."""
        texts = [(entry, entry.outcome) for entry in entries if isinstance(entry.outcome, Result)]
        if texts:
            self._try(lambda: self._append(b"".join(_line(entry, result) for entry, result in texts)))
        cancelled = {_name(entry) for entry in entries if entry.outcome is None and entry.segment != OVER}
        if len(self._cancelled) < _MOST_CANCELLED:  # the set only grows this large while the file is not writable
            self._cancelled |= cancelled

    def clean(self, store: "Store", now_s: float, aged: bool) -> bool:
        """Clean the next part of deleted, cancelled and expired lines. Return whether more parts remain.

        Starts with the newest part, so that no part is missed when the file rotates meanwhile. ``now_s``:
        seconds since 1970. ``aged``: the clock can be trusted for ages; otherwise no line expires.
        """
        if self._cleaning is None:
            self._cleaning = self._begin(store, round(now_s * 1000), self._days if aged else 0)
        now = self._cleaning
        if not self._try(lambda: _rewrite(now.places[0], now.lines)):
            self._cleaning = None  # start over later
            return False
        del now.places[0]
        if now.places:
            return True
        self._known, self._since_ms, self._cleaning = now.deleted, now.at_ms - _OVERLAP_MS, None
        self._cancelled -= now.lines.segments
        return False

    def _begin(self, store: "Store", at_ms: int, days: int) -> "_Cleaning":
        deleted = store.deleted_sessions(
            self._since_ms if self._since_ms <= at_ms else 0
        )  # else the clock was set back
        sessions = frozenset(id.encode() for id in deleted - self._known)
        # Whole days, so that a part is rewritten at most once a day.
        first = day_of(at_ms) - timedelta(days=days - 1) if days else None
        lines = _Lines(sessions, frozenset(self._cancelled), first.isoformat().encode() if first else b"")
        return _Cleaning(at_ms, deleted, lines, [*self._places])

    def _try(self, work: Callable[[], None]) -> bool:
        try:
            work()
        except OSError as error:
            if self._works:
                log.warning(LogEvent.HISTORY_TEXT_FILE_FAILED, reason=str(error))
            self._works = False
            return False
        self._works = True
        return True

    def _append(self, lines: bytes) -> None:
        place = self._places[0]
        private_folder(place.parent)
        if place.exists():
            with open(place, "r+b") as known:
                _repair(known)
            if place.stat().st_size + len(lines) > self._most_bytes:
                self._rotate()
        with open(place, "ab", 0, opener=_private) as file:  # unbuffered: a failed write is not repeated at close
            _write(file, lines)

    def _rotate(self) -> None:
        for older, newer in zip(reversed(self._places[1:]), reversed(self._places[:-1]), strict=True):
            if newer.exists():
                newer.replace(older)


class _Lines(NamedTuple):
    """The lines to delete. ``first``: the first day that stays."""

    sessions: frozenset[bytes]
    segments: frozenset[tuple[bytes, bytes]]
    first: bytes

    def go(self, line: bytes) -> bool:
        """Return whether to delete this line.

        Also checks lines that follow an incomplete one on the same line.
        """
        return any(
            at < self.first or session in self.sessions or (session, segment) in self.segments
            for at, session, segment in _HEAD.findall(line)
        )


class _Cleaning(NamedTuple):
    """A cleaning in progress. ``places``: the parts that are still to be cleaned."""

    at_ms: int
    deleted: set[str]
    lines: _Lines
    places: list[Path]


def _rewrite(place: Path, lines: _Lines) -> None:
    """Rewrite a part without these lines, atomically for readers. Raises ``OSError``."""
    made = place.with_name(f"{place.name}.new")
    try:
        with open(place, "rb") as file:
            oldest = islice(filter(_HEAD.search, file), 1)  # the first line in our format
            looked_at = file if lines.sessions or lines.segments else oldest
            if not any(map(lines.go, looked_at)):
                return
            file.seek(0)
            with open(made, "wb", opener=_private) as new:
                new.writelines(line for line in file if not lines.go(line))
                new.flush()
                os.fsync(new.fileno())
        made.replace(place)
    except FileNotFoundError:
        return
    finally:
        made.unlink(missing_ok=True)


def _repair(file: BinaryIO) -> None:
    """Make the file end with a complete line. Raises ``OSError``.

    An incomplete last line, as a power loss leaves it, is removed.
    """
    size = at = file.seek(0, os.SEEK_END)
    tail, block = b"", 1
    while at and b"\n" not in tail:
        at, block = max(0, at - block), _BLOCK_BYTES
        file.seek(at)
        tail = file.read(size - at - len(tail)) + tail
    half = tail.rpartition(b"\n")[2]
    if not half:
        return
    try:
        msgspec.json.decode(half)
    except NOT_JSON:
        file.truncate(size - len(half))
        log.warning(LogEvent.HISTORY_PARTIAL_LINE_REMOVED, bytes=len(half))
        return
    file.seek(size)
    file.write(b"\n")


def _write(file: FileIO, lines: bytes) -> None:
    """Write all lines; on failure keep the complete lines only. Raises ``OSError``."""
    begin, done = file.seek(0, os.SEEK_END), 0
    try:
        while done < len(lines):
            done += file.write(memoryview(lines)[done:])
    except OSError:
        file.truncate(begin + lines.rfind(b"\n", 0, done) + 1)
        raise


def _name(entry: FeedEntry) -> tuple[bytes, bytes]:
    return entry.session.encode(), str(entry.segment).encode()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _line(entry: FeedEntry, result: Result) -> bytes:
    line: dict[str, Any] = {
        "at": datetime.fromtimestamp(entry.at_ms / 1000, UTC).isoformat(timespec="milliseconds"),
        "session": entry.session,
        "segment": entry.segment,
        "text": result.text,
        "language": result.language,
        "seconds": round(samples_to_seconds(entry.samples), 3),
        "queue_ms": result.queue_ms,
        "decode_ms": result.decode_ms,
        "model": result.model,
        "worker": result.worker,
        "device": entry.about.device,
        "tenant": entry.about.tenant,
        "words": result.words,
    }
    if entry.replaces:
        line["replaces"] = entry.replaces
    return msgspec.json.encode(line) + b"\n"
