"""Logging for every process of ours: readable on a terminal, JSON in rotating files, never waiting for a disk.

Calls go through structlog into a ``QueueHandler``; one thread writes. Session and segment ids are bound with
``structlog.contextvars.bind_contextvars`` and appear in every line. An event that repeats is written a few times
per interval and then counted. Audio, recognised text and keys must not be logged; fields with such names are
blanked here as a last guard.
"""

import logging
import logging.handlers
import queue
import sys
import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import structlog

_FILE_BYTES: Final = 5 * 1024 * 1024
_FILES: Final = 10
_QUEUED_RECORDS: Final = 10_000
_PRIVATE: Final = frozenset({"pcm", "audio", "text", "key", "api_key", "authorization", "hotwords"})

Event = MutableMapping[str, Any]


class RepeatLimit:
    """Lets an event through ``burst`` times per ``interval_s``, then counts; the next one let through tells."""

    def __init__(self, burst: int = 20, interval_s: float = 10.0, most_events: int = 1_000) -> None:
        self._burst = burst
        self._interval = interval_s
        self._most = most_events
        self._seen: dict[str, tuple[float, int]] = {}

    def admit(self, event: str, now: float) -> int | None:
        """``None``: drop it. Otherwise how many like it were dropped since one was let through."""
        start, count = self._seen.get(event, (now, 0))
        if now - start >= self._interval:
            dropped = max(0, count - self._burst)
            start, count = now, 0
        else:
            dropped = 0
        if event not in self._seen and len(self._seen) >= self._most:
            self._seen.clear()
        self._seen[event] = (start, count + 1)
        return dropped if count < self._burst else None


class _Sampler:
    def __init__(self, limit: RepeatLimit) -> None:
        self._limit = limit

    def __call__(self, logger: Any, method: str, event: Event) -> Event:
        dropped = self._limit.admit(f"{method}:{event.get('event')}", time.monotonic())
        if dropped is None:
            raise structlog.DropEvent
        if dropped:
            event["dropped_before"] = dropped
        return event


def _blank_private(logger: Any, method: str, event: Event) -> Event:
    for name in _PRIVATE.intersection(event):
        event[name] = "(not logged)"
    return event


class _DropWhenFull(logging.handlers.QueueHandler):
    """A full queue costs log lines, never time: the event loop does not wait for a disk."""

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            return

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return record  # same process: the formatter in the writing thread gets the event as it is


_SHARED: Final = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


@contextmanager
def logging_to(program: str, folder: Path | None, *, level: str = "INFO", terminal: bool = True) -> Iterator[None]:
    """Log for the length of a process: to ``folder/program.jsonl`` (if given) and to standard error.

    Only a ``main`` calls this. Standard output is left alone: it belongs to results.
    """
    records: queue.Queue[logging.LogRecord] = queue.Queue(_QUEUED_RECORDS)
    writers = _writers(program, folder, terminal)
    listener = logging.handlers.QueueListener(records, *writers)
    root = logging.getLogger()
    before = root.handlers[:], root.level
    root.handlers = [_DropWhenFull(records)]
    root.setLevel(level)
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            _Sampler(RepeatLimit()),
            *_SHARED,
            _blank_private,
            structlog.processors.ExceptionRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    structlog.contextvars.bind_contextvars(program=program)
    listener.start()
    try:
        yield
    finally:
        listener.stop()
        for writer in writers:
            writer.close()
        root.handlers, root.level = before
        logging.captureWarnings(False)
        structlog.contextvars.unbind_contextvars("program")
        structlog.reset_defaults()


def _writers(program: str, folder: Path | None, terminal: bool) -> list[logging.Handler]:
    writers: list[logging.Handler] = []
    if terminal:
        on_terminal = logging.StreamHandler(sys.stderr)
        on_terminal.setFormatter(_formatter(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())))
        writers.append(on_terminal)
    if folder is not None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        in_file = logging.handlers.RotatingFileHandler(
            folder / f"{program}.jsonl", maxBytes=_FILE_BYTES, backupCount=_FILES - 1, encoding="utf-8"
        )
        in_file.setFormatter(_formatter(structlog.processors.JSONRenderer(ensure_ascii=False)))
        writers.append(in_file)
    return writers


def _formatter(renderer: structlog.typing.Processor) -> structlog.stdlib.ProcessorFormatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
