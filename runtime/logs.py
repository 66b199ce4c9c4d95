"""Logging of all processes: readable on a terminal, JSON in rotating files, never waiting for a disk.

Calls go through structlog into a bounded queue; one thread writes. Lines about a session or segment contain its
id. Audio, recognised text and keys must not be logged; as a last safeguard, fields with such names are blanked
here.

**Stories.** Lines of loggers whose last name is ``story`` (``backend.observability.segment_log``,
``worker.job_log``) record the
progress of accepted speech; ``kikipounamu logs`` combines them. At most 10,000 are written in 10 s. On a
terminal, if a file is written as well, only warnings among them are shown.

**Audit.** Events ``audit.…`` with a ``device`` record the use by authenticated devices: up to 1,000 lines per
device and event in 10 s, more than quotas allow. Lines about unauthenticated peers have no ``device``.

Every other event is written at most 20 times in 10 s, whatever its session: 110,000 refusals are a few lines.
Suppressed lines, and lines lost to a slow disk, are counted in lines of their own, which are never suppressed.
"""

import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import structlog

from runtime import logger_names
from runtime.event_names import LogEvent
from runtime.log_limits import RepeatLimit
from runtime.log_writer import LogFile, LogWriter, Write, to_stream
from runtime.terminal import LINES, printable

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
_LONG: Final = frozenset({"exception", "stack"})
_PRIVATE: Final = frozenset({"pcm", "audio", "text", "key", "api_key", "authorization", "hotwords"})

log = structlog.get_logger(logger_names.RUNTIME_LOGS)

Event = MutableMapping[str, Any]


class LineCategory(NamedTuple):
    """Category of lines that share a limit.

    ``logger`` is known only for lines of libraries; ``device`` is the device that caused the line.
    """

    level: str
    event: str
    logger: str = ""
    device: str = ""


_ANY_STORY: Final = LineCategory("info", "lines of stories")


class _Sampler:
    """Decision whether each line is written; safe from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._repeats: RepeatLimit[LineCategory] = RepeatLimit(_REPEATS, _INTERVAL_S)
        self._stories: RepeatLimit[LineCategory] = RepeatLimit(_STORY_LINES, _INTERVAL_S)
        self._audits: RepeatLimit[LineCategory] = RepeatLimit(_AUDIT_LINES, _INTERVAL_S, _MOST_AUDITED)

    def __call__(self, logger: Any, method: str, event: Event) -> Event:
        """Act as a structlog processor: raise ``DropEvent`` for suppressed lines."""
        own = logger.name == logger_names.RUNTIME_LOGS
        if not own and not self.admit(*self._counted(logger.name, method, event)):
            raise structlog.DropEvent
        return event

    def _counted(self, logger: str, method: str, event: Event) -> tuple[RepeatLimit[LineCategory], LineCategory]:
        if logger.endswith(STORY):
            return self._stories, _ANY_STORY
        kind = LineCategory(method, str(event.get("event")))
        if kind.event.startswith(_AUDIT) and (device := event.get("device")):
            return self._audits, kind._replace(device=str(device))
        return self._repeats, kind

    def foreign(self, record: logging.LogRecord) -> bool:
        """Return whether a line of another library is written."""
        return self.admit(
            self._repeats, LineCategory(record.levelname.lower(), str(record.msg)[:_TEMPLATE], record.name)
        )

    def gathered(self) -> bool:
        """Return whether another gathered story line is written."""
        return self.admit(self._stories, _ANY_STORY)

    def admit(self, limit: RepeatLimit[LineCategory], kind: LineCategory) -> bool:
        with self._lock:
            return limit.admit(kind, self._clock())

    def tell(self, *, all_of_it: bool) -> None:
        """Log the counts of suppressed lines whose interval is over."""
        now = float("inf") if all_of_it else self._clock()
        with self._lock:
            told = self._repeats.held_back(now) | self._stories.held_back(now) | self._audits.held_back(now)
        for kind, lines in told.items():
            whose = {"device": kind.device} if kind.device else {}
            of = {"of": kind.event, "of_level": kind.level} | ({"of_logger": kind.logger} if kind.logger else {})
            log.warning(LogEvent.LOG_LINES_HELD_BACK, **of, **whose, lines=lines)


class _Together(logging.LogRecord):
    """Record of several gathered story lines."""

    def __init__(self, name: str, lines: list[dict[str, Any]]) -> None:
        super().__init__(name, logging.INFO, "", 0, "lines that were gathered", None, None)
        self.lines = lines


def write_together(name: str, lines: list[dict[str, Any]]) -> None:
    """Write gathered lines of the story ``name``; each costs a fraction of a line written alone.

    Each line has the fields that its logger would get: ``event``, its values, and ``timestamp``, the time of the
    event.
    """
    logger = logging.getLogger(name)
    if logger.isEnabledFor(logging.INFO):
        logger.handle(_Together(name, lines))


def _blank_private(logger: Any, method: str, event: Event) -> Event:
    if not _PRIVATE.isdisjoint(event):
        for name in _PRIVATE.intersection(event):
            event[name] = "(not logged)"
    return event


class _ToWriter(logging.Handler):
    """Only handler of the root logger. The formatter, in the writer thread, gets the record unchanged."""

    def __init__(self, writer: LogWriter, sampler: _Sampler) -> None:
        super().__init__()
        self._writer = writer
        self._sampler = sampler

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record, _Together):
            record.lines = [line for line in record.lines if self._sampler.gathered()]
            if record.lines:
                self._writer.put(record, len(record.lines))
        elif hasattr(record, "_logger") or self._sampler.foreign(record):  # structlog samples its own
            self._writer.put(record)


def timestamp(at: float) -> str:
    """Format a ``time.time`` value as in every log line."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


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

    Only a ``main`` calls this. Standard output is left alone: it belongs to results.
    """
    sampler = _Sampler()
    shared = _shared(program)
    file = _log_file(program, folder)
    writes = [*also, *_writes(shared, file, terminal)]
    writer = LogWriter(writes, lambda ending: _tell(sampler, writer, ending))
    root = logging.getLogger()
    before = root.handlers[:], root.level
    root.handlers = [_ToWriter(writer, sampler)]
    root.setLevel(level)
    logging.captureWarnings(True)
    _configure(sampler, shared)
    writer.start()
    try:
        yield
    finally:
        if writer.stop() and file is not None:
            file.close()
        root.handlers, root.level = before
        logging.captureWarnings(False)
        structlog.reset_defaults()


def _configure(sampler: _Sampler, shared: tuple[structlog.typing.Processor, ...]) -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            sampler,
            *shared,
            _blank_private,
            structlog.processors.ExceptionRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _tell(sampler: _Sampler, writer: LogWriter, ending: bool) -> None:
    if lost := writer.lost():
        log.warning(LogEvent.LOG_LINES_LOST, lines=lost)
    sampler.tell(all_of_it=ending)


def _shared(program: str) -> tuple[structlog.typing.Processor, ...]:
    def named(logger: Any, method: str, event: Event) -> Event:
        event["program"] = program
        return event

    stamped = structlog.processors.TimeStamper(fmt="iso", utc=True)

    def timed(logger: Any, method: str, event: Event) -> Event:
        """Add a timestamp, unless the line already has the time of its event."""
        return event if "timestamp" in event else stamped(logger, method, event)

    return (
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        named,
        timed,
    )


def _log_file(program: str, folder: Path | None) -> LogFile | None:
    if folder is None:
        return None
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return LogFile(folder / f"{program}.jsonl", _FILE_BYTES, _BYTES_IN_ALL)


def _writes(
    shared: tuple[structlog.typing.Processor, ...], file: LogFile | None, terminal: bool
) -> Iterator[Write]:
    if terminal:
        formatter = _Formatter(shared, _harmless(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())))
        least = logging.WARNING if file else logging.NOTSET
        yield partial(_written, formatter, partial(to_stream, sys.stderr), least)
    if file is not None:
        formatter = _Formatter(shared, _traced(structlog.processors.JSONRenderer(_json)))
        yield partial(_written, formatter, file.write, logging.NOTSET)


def _harmless(render: structlog.typing.Processor) -> structlog.typing.Processor:
    """Wrap ``render`` for a terminal, because fields may contain untrusted text."""

    def rendered(logger: Any, method: str, event: Event) -> Any:
        return render(logger, method, {name: _shown(name, value) for name, value in event.items()})

    return _traced(rendered)


def _traced(render: structlog.typing.Processor) -> structlog.typing.Processor:
    """Render the tracebacks of other libraries first; ours are already rendered."""
    traced = structlog.processors.ExceptionRenderer()

    def rendered(logger: Any, method: str, event: Event) -> Any:
        return render(logger, method, traced(logger, method, event))

    return rendered


def _shown(name: str, value: Any) -> Any:
    return value if isinstance(value, int | float | None) else printable(str(value), LINES * (name in _LONG))


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, default=repr)
"""Shared by all lines, because creating an encoder takes longer than using it."""


def _json(event: Event, **_: Any) -> str:
    return _ENCODER.encode(event)


def _written(
    formatter: logging.Formatter, write: Callable[[str], None], least_of_stories: int, record: logging.LogRecord
) -> None:
    if record.levelno >= least_of_stories or not record.name.endswith(STORY):
        write(formatter.format(record))


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Formatter used in the writer thread."""

    def __init__(
        self, shared: tuple[structlog.typing.Processor, ...], renderer: structlog.typing.Processor
    ) -> None:
        meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
        super().__init__(foreign_pre_chain=shared, processors=[meta, renderer])
        self._completing = (*shared, _blank_private, renderer)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record, or its gathered lines."""
        if not isinstance(record, _Together):
            return super().format(record)
        return "\n".join(map(partial(self._line, logging.getLogger(record.name)), record.lines))

    def _line(self, logger: logging.Logger, line: dict[str, Any]) -> str:
        event: Any = dict(line)
        for complete in self._completing:
            event = complete(logger, "info", event)
        return str(event)
