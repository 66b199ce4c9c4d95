"""Loggers of events with fields, above the standard library's ``logging``.

Every program imports this module first, so it imports little. ``runtime.logs`` decides which lines are written,
and how.
"""

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

Fields = Mapping[str, object]

_BOUND: Final[ContextVar[Fields]] = ContextVar("fields of all log lines", default=MappingProxyType({}))


class EventRecord(logging.LogRecord):
    """Record of an event with the caller's ``fields``, and those that are ``bound`` around the call."""

    def __init__(
        self, logger: str, level: int, event: str, fields: Fields, error: BaseException | None = None
    ) -> None:
        traced = (type(error), error, error.__traceback__) if error is not None else None
        super().__init__(logger, level, "", 0, event, None, traced)
        self.event, self.fields, self.bound = event, fields, _BOUND.get()

    def getMessage(self) -> str:
        """Return the event and its fields, for handlers that know no events."""
        return " ".join((self.event, *(f"{name}={value!r}" for name, value in self.fields.items())))


class Logger:
    """Logger of one name. An event is a name of ``runtime.event_names``; its values are fields."""

    __slots__ = ("_logger", "name")

    def __init__(self, name: str) -> None:
        self.name, self._logger = name, logging.getLogger(name)

    def debug(self, event: str, /, **fields: object) -> None:
        """Log an event that only developers need."""
        self._log(logging.DEBUG, event, fields)

    def info(self, event: str, /, **fields: object) -> None:
        """Log an event of normal operation."""
        self._log(logging.INFO, event, fields)

    def warning(self, event: str, /, **fields: object) -> None:
        """Log an event that needs attention."""
        self._log(logging.WARNING, event, fields)

    def error(self, event: str, /, *, exc_info: BaseException | None = None, **fields: object) -> None:
        """Log a failure, with the traceback of ``exc_info``."""
        self._log(logging.ERROR, event, fields, exc_info)

    def exception(self, event: str, /, **fields: object) -> None:
        """Log a failure, with the traceback of the exception that is being handled."""
        self._log(logging.ERROR, event, fields, sys.exception())

    def _log(self, level: int, event: str, fields: Fields, error: BaseException | None = None) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.handle(EventRecord(self.name, level, event, fields, error))


@contextmanager
def bound_fields(**fields: object) -> Iterator[None]:
    """Add these fields to every line that is logged in this context."""
    before = _BOUND.set({**_BOUND.get(), **fields})
    try:
        yield
    finally:
        _BOUND.reset(before)
