"""Capture the events that a test's subject logs."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from runtime.logger import EventRecord


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record, EventRecord):
            level = record.levelname.lower()
            self.lines.append(dict(record.fields) | {"event": record.event, "log_level": level})


@contextmanager
def capture_logs() -> Iterator[list[dict[str, Any]]]:
    """Yield the list that gets the fields of each event, with ``log_level``; nothing is written meanwhile."""
    root, collector = logging.getLogger(), _Collector()
    before = root.handlers[:], root.level
    root.handlers = [collector]
    root.setLevel(logging.NOTSET)
    try:
        yield collector.lines
    finally:
        root.handlers, root.level = before
