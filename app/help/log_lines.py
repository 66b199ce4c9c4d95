"""A line of a log as a value, and which lines are wanted. Pure; ``runtime.logs`` writes them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

LEVELS: Final = ("debug", "info", "warning", "error", "critical")
"""From the least to the gravest."""

_OTHER_NAMES: Final = {"warn": "warning", "exception": "error", "fatal": "critical"}
_OWN_PLACE: Final = frozenset({"timestamp", "level", "event", "program", "logger", "exception"})


@dataclass(frozen=True, eq=False, slots=True)
class LogLine:
    """``at_s``: seconds since 1970. ``details``: what else it says, as NAME=VALUE. ``raw``: as it is in the file.

    A line that cannot be read has no level, and its ``event`` is the whole of it.
    """

    at_s: float
    program: str
    level: str
    event: str
    details: str
    raw: str


@dataclass(frozen=True)
class LogFilter:
    """``level``: this and graver ones. ``program``: empty for every one. ``text``: in any case of letters."""

    level: str = LEVELS[0]
    program: str = ""
    text: str = ""

    def lets_through(self, line: LogLine) -> bool:
        """Whether it is wanted. What cannot be read may be of any level."""
        if self.program and line.program != self.program:
            return False
        if line.level and LEVELS.index(line.level) < LEVELS.index(self.level):
            return False
        return not self.text or self.text.casefold() in line.raw.casefold()


def parse(raw: str, program: str, before_s: float) -> LogLine:
    """A line of the log of ``program``; one that cannot be read is of the time of the one before it."""
    fields = as_object(raw)
    at_s = _seconds(fields.get("timestamp")) if fields else None
    if fields is None or at_s is None:
        return LogLine(before_s, program, "", raw, "", raw)
    told = str(fields.get("level", "")).lower()
    level = _OTHER_NAMES.get(told, told)
    details = " ".join(f"{name}={_shown(value)}" for name, value in fields.items() if name not in _OWN_PLACE)
    exception = str(fields.get("exception", "")).strip().rpartition("\n")[2]
    event = str(fields.get("event", ""))
    return LogLine(
        at_s, program, level if level in LEVELS else "info", event, f"{details} {exception}".strip(), raw
    )


def as_object(raw: str) -> Mapping[str, Any] | None:
    """Its fields; ``None``: it has none."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _seconds(timestamp: object) -> float | None:
    try:
        at = datetime.fromisoformat(str(timestamp))
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
