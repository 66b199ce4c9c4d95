"""Log lines as people read them, and a filter for them. Pure.

``runtime.logs`` writes the lines. ``timeline.logged_events`` has those of a session as a program reads them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

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
    details = " ".join(f"{name}={_shown(value)}" for name, value in fields.items() if name not in _OWN_PLACE)
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


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
