"""Logging of all processes: readable on a terminal, JSON in rotating files, never waiting for a disk.

Records go into a bounded queue; one thread writes. Lines about a session or segment contain its id. Audio,
recognised text and keys must not be logged; as a last safeguard, fields with such names are blanked here.

**Stories.** Lines of loggers whose last name is ``story`` (of ``backend.observability.segment_log``,
``worker.job_log`` and others) record the progress of accepted speech; ``kikipounamu logs`` combines them. At most
10,000 are written in 10 s. On a terminal, if a file is written as well, only warnings among them are shown.

**Audit.** Events ``audit.…`` with a ``device`` record the use by authenticated devices: up to 1,000 lines per
device and event in 10 s, more than quotas allow. Lines about unauthenticated peers have no ``device``.

Lines of libraries are written from level WARNING on; at level DEBUG, all of them are.

Every other event is written at most 20 times in 10 s, whatever its session: 110,000 refusals are a few lines.
Suppressed lines, and lines lost to a slow disk, are counted in lines of their own, which are never suppressed.
"""

import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from runtime import loggers
from runtime.event_names import LogEvent
from runtime.log_limits import RepeatLimit
from runtime.log_writer import LogFile, LogWriter, Write, to_stream
from runtime.logger import EventRecord, Fields
from runtime.terminal import LINES, printable, reason, say

log = loggers.RUNTIME_LOGS

STORY: Final = ".story"

_FILE_BYTES: Final = 5 * 1024 * 1024
_BYTES_IN_ALL: Final = 45 * 1024 * 1024
_REPEATS: Final = 20
_STORY_LINES: Final = 10_000
_AUDIT: Final = "audit."
_AUDIT_LINES: Final = 1_000
_MOST_AUDITED: Final = 10_000  # enough for a thousand devices and all their actions
_INTERVAL_S: Final = 10.0
_TEMPLATE: Final = 200
_PRIVATE: Final = frozenset({"pcm", "audio", "text", "key", "api_key", "authorization", "hotwords"})
_WITH_KEYS: Final = frozenset({"aiohttp.websocket"})
"""Loggers of libraries whose lines may contain keys. aiohttp's lists the subprotocols that a client offers, and
browsers send a key as one of them."""
_FIRST: Final = ("timestamp", "level", "event", "logger")
_TRACEBACK: Final = "exception"
_LEVEL_LETTERS: Final = 9
_EVENT_LETTERS: Final = 30
_QUOTED: Final = frozenset(" \t=\r\n\"'")
_COLOURS: Final = {"debug": "\x1b[32m", "info": "\x1b[32m", "warning": "\x1b[33m", "error": "\x1b[31m"}
_PLAIN: Final = "\x1b[0m"

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, default=repr)
"""Shared by all lines, because creating an encoder takes longer than using it."""
_TRACEBACKS: Final = logging.Formatter()


Render = Callable[[dict[str, Any]], str]


class LineCategory(NamedTuple):
    """Category of lines that share a limit.

    ``logger`` is known only for lines of libraries; ``device`` is the device that caused the line.
    """

    level: str
    event: str
    logger: str = ""
    device: str = ""


_ANY_STORY: Final = LineCategory("info", "lines of stories")


class _LineLimits:
    """Limits of log lines; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._repeats: RepeatLimit[LineCategory] = RepeatLimit(_REPEATS, _INTERVAL_S)
        self._stories: RepeatLimit[LineCategory] = RepeatLimit(_STORY_LINES, _INTERVAL_S)
        self._audits: RepeatLimit[LineCategory] = RepeatLimit(_AUDIT_LINES, _INTERVAL_S, _MOST_AUDITED)

    def should_write(self, record: logging.LogRecord) -> bool:
        """Return whether the line of a record is written."""
        return record.name == log.name or self.admit(*self._limit_of(record))

    def _limit_of(self, record: logging.LogRecord) -> tuple[RepeatLimit[LineCategory], LineCategory]:
        level = record.levelname.lower()
        if not isinstance(record, EventRecord):
            return self._repeats, LineCategory(level, str(record.msg)[:_TEMPLATE], record.name)
        if record.name.endswith(STORY):
            return self._stories, _ANY_STORY
        kind = LineCategory(level, record.event)
        if kind.event.startswith(_AUDIT) and (device := record.fields.get("device")):
            return self._audits, kind._replace(device=str(device))
        return self._repeats, kind

    def should_write_story(self) -> bool:
        """Return whether another gathered story line is written."""
        return self.admit(self._stories, _ANY_STORY)

    def admit(self, limit: RepeatLimit[LineCategory], kind: LineCategory) -> bool:
        with self._lock:
            return limit.admit(kind, time.monotonic())

    def log_held_back(self, *, all_of_it: bool) -> None:
        """Log the counts of suppressed lines whose interval is over."""
        now = float("inf") if all_of_it else time.monotonic()
        with self._lock:
            suppressed = (
                self._repeats.take_held_back(now)
                | self._stories.take_held_back(now)
                | self._audits.take_held_back(now)
            )
        for kind, lines in suppressed.items():
            whose = {"device": kind.device} if kind.device else {}
            of = {"of": kind.event, "of_level": kind.level} | ({"of_logger": kind.logger} if kind.logger else {})
            log.warning(LogEvent.LOG_LINES_HELD_BACK, **of, **whose, lines=lines)


class _GatheredLines(logging.LogRecord):
    """Record of several gathered story lines."""

    def __init__(self, name: str, lines: list[dict[str, Any]]) -> None:
        super().__init__(name, logging.INFO, "", 0, "lines that were gathered", None, None)
        self.lines = lines


def write_gathered(name: str, lines: list[dict[str, Any]]) -> None:
    """Write gathered lines of the story ``name``; each costs a fraction of a line written alone.

    Each line has the fields that its logger would get: ``event``, its values, and ``timestamp``, the time of the
    event.
    """
    logger = logging.getLogger(name)
    if logger.isEnabledFor(logging.INFO):
        logger.handle(_GatheredLines(name, lines))


def _is_relevant(record: logging.LogRecord) -> bool:
    """Return whether a record is an event, or a warning of a library. At level DEBUG, every record is relevant.

    Lines of ``_WITH_KEYS`` are never relevant.
    """
    if record.name in _WITH_KEYS:
        return False
    is_ours = isinstance(record, EventRecord)
    return is_ours or record.levelno >= logging.WARNING or logging.getLogger().level <= logging.DEBUG


class _ToWriter(logging.Handler):
    """Only handler of the root logger. The writer thread gets the record, with its traceback as text."""

    def __init__(self, writer: LogWriter, limits: _LineLimits) -> None:
        super().__init__()
        self._writer = writer
        self._limits = limits

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record, _GatheredLines):
            record.lines = [line for line in record.lines if self._limits.should_write_story()]
            if record.lines:
                self._writer.put(record, len(record.lines))
        elif _is_relevant(record) and self._limits.should_write(record):
            keep_traceback(record)
            self._writer.put(record)


@contextmanager
def logging_to(
    program: str,
    folder: Path | None,
    *,
    level: str = "INFO",
    terminal: bool = True,
    also: tuple[Write, ...] = (),
) -> Iterator[None]:
    """Log until the context ends: to ``folder/program.jsonl`` (if given) and to standard error.

    Only a ``main`` calls this. Standard output is left alone: it belongs to results. Without access to ``folder``
    the program still works, and reports that on standard error.
    """
    limits = _LineLimits()
    try:
        file = _log_file(program, folder)
    except OSError as error:
        file = None
        say(f"no log is written, because {folder} cannot be used: {reason(error)}", err=True)
    writes = [*also, *_writes(program, file, terminal)]
    writer = LogWriter(writes, lambda ending: _log_losses(limits, writer, ending))
    root = logging.getLogger()
    before = root.handlers[:], root.level
    root.handlers = [_ToWriter(writer, limits)]
    root.setLevel(level)
    logging.captureWarnings(True)
    writer.start()
    try:
        yield
    finally:
        if writer.stop() and file is not None:
            file.close()
        root.handlers, root.level = before
        logging.captureWarnings(False)


def _log_losses(limits: _LineLimits, writer: LogWriter, ending: bool) -> None:
    if lost := writer.take_lost_count():
        log.warning(LogEvent.LOG_LINES_LOST, lines=lost)
    limits.log_held_back(all_of_it=ending)


def _log_file(program: str, folder: Path | None) -> LogFile | None:
    if folder is None:
        return None
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return LogFile(folder / f"{program}.jsonl", _FILE_BYTES, _BYTES_IN_ALL)


def _writes(program: str, file: LogFile | None, terminal: bool) -> Iterator[Write]:
    if terminal:
        render = partial(for_terminal, colours=sys.stderr.isatty())
        least = logging.WARNING if file else logging.NOTSET
        yield partial(_write, program, render, partial(to_stream, sys.stderr), least)
    if file is not None:
        yield partial(_write, program, for_file, file.write, logging.NOTSET)


def _write(
    program: str, render: Render, write: Callable[[str], None], least_of_stories: int, record: logging.LogRecord
) -> None:
    if record.levelno >= least_of_stories or not record.name.endswith(STORY):
        write("\n".join(map(render, _lines(program, record))))


def _lines(program: str, record: logging.LogRecord) -> Iterator[dict[str, Any]]:
    if isinstance(record, _GatheredLines):
        yield from (complete(dict(line), record, {}, program) for line in record.lines)
    else:
        yield line_of(record, program)


# -- lines: the fields of a record in their order, and their forms -----------------------------------------


def timestamp(at: float) -> str:
    """Format a ``time.time`` value as in every log line."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def line_of(record: logging.LogRecord, program: str) -> dict[str, Any]:
    """Return the fields of a record's line, in order. Private ones are blanked.

    Raises the error of ``getMessage`` for a record whose values do not fit its text.
    """
    if isinstance(record, EventRecord):
        line = complete(dict(record.fields) | {"event": record.event}, record, record.bound, program)
    else:
        line = complete({"event": record.getMessage()}, record, {}, program)
    return line | {_TRACEBACK: record.exc_text} if record.exc_text else line


def keep_traceback(record: logging.LogRecord) -> None:
    """Keep a record's traceback as text only: the frames would keep their values alive."""
    if record.exc_info:
        record.exc_text, record.exc_info = _TRACEBACKS.formatException(record.exc_info), None


def complete(line: dict[str, Any], record: logging.LogRecord, bound: Fields, program: str) -> dict[str, Any]:
    """Add the fields that every line has; a line that has the time of its event keeps it."""
    for name, value in bound.items():
        line.setdefault(name, value)
    line |= {"level": record.levelname.lower(), "logger": record.name, "program": program}
    if "timestamp" not in line:
        line["timestamp"] = timestamp(record.created)
    for name in _PRIVATE.intersection(line):
        line[name] = "(not logged)"
    return line


def for_file(line: Mapping[str, Any]) -> str:
    """Return a line as JSON."""
    return _ENCODER.encode(line)


def for_terminal(line: Mapping[str, Any], *, colours: bool) -> str:
    """Return a line for people. Fields may contain untrusted text, which a terminal must not obey."""
    shown = {name: _harmless(name, value) for name, value in line.items()}
    traceback = shown.pop(_TRACEBACK, None)
    said = " ".join(_parts(shown, colours)).rstrip(" ")
    return said if traceback is None else f"{said}\n{traceback}"


def _parts(shown: dict[str, Any], colours: bool) -> Iterator[str]:
    at, level, event, logger = (str(shown.pop(name)) for name in _FIRST)
    padded = level.ljust(_LEVEL_LETTERS)
    yield at
    yield f"[{_COLOURS.get(level, '')}{padded}{_PLAIN}]" if colours else f"[{padded}]"
    yield event.ljust(_EVENT_LETTERS)
    yield f"[{logger}]"
    for name in sorted(shown):
        value = shown[name]
        yield f"{name}={value if isinstance(value, str) and _QUOTED.isdisjoint(value) else repr(value)}"


def _harmless(name: str, value: Any) -> Any:
    return value if isinstance(value, int | float | None) else printable(str(value), LINES * (name == _TRACEBACK))
