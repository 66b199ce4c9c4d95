"""When the worker of this computer rests: on battery, beside a full-screen program, outside its hours. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from app.view import Note

BATTERY: Final = Note("rests-on-battery")
FULL_SCREEN: Final = Note("rests-full-screen")

REST_AFTER_S: Final = 10.0
"""A reason to rest counts once it has been there for so long: nobody stops for a glance at a film."""

WORK_AFTER_S: Final = 30.0
"""And so long after the last one is gone it works again: starting takes a while."""

_DAY: Final = 24 * 60
_HOURS: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class Limits:
    """What a person allows. ``hours``: as ``20:00-08:00``; empty: always."""

    on_battery: bool = True
    beside_full_screen: bool = True
    hours: str = ""

    @property
    def any(self) -> bool:
        """Whether there is anything to look at."""
        return not (self.on_battery and self.beside_full_screen and not self.hours)


@dataclass(frozen=True)
class Surroundings:
    """How it is. ``None``: nobody knows, and that is no reason to rest. ``minute``: of the day, local time."""

    on_battery: bool | None = None
    full_screen: bool | None = None
    minute: int = 0


def parse_hours(text: str) -> tuple[int, int] | None:
    """From which minute of the day to which; ``None``: it is no such thing."""
    found = _HOURS.fullmatch(text)
    if found is None:
        return None
    begin = int(found[1]) * 60 + int(found[2])
    end = int(found[3]) * 60 + int(found[4])
    return (begin, end) if begin != end else None


def reason_to_rest(limits: Limits, now: Surroundings) -> Note | None:
    """At this moment."""
    if now.on_battery and not limits.on_battery:
        return BATTERY
    if not _within(limits.hours, now.minute):
        begin, _, end = limits.hours.partition("-")
        return Note("rests-hours", {"begin": begin, "end": end})
    if now.full_screen and not limits.beside_full_screen:
        return FULL_SCREEN
    return None


def _within(hours: str, minute: int) -> bool:
    """Over midnight too: 20:00-08:00 are the hours that are not from 8:00 to 20:00."""
    if (parsed := parse_hours(hours)) is None:
        return True
    begin, end = parsed
    return (minute - begin) % _DAY < (end - begin) % _DAY


class Rest:
    """Whether it rests: what changes back soon changes nothing. Times are seconds of one clock."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.why: Note | None = None
        self._limits = limits or Limits()
        self._since_s: float | None = None
        self._at_once = True

    def allow(self, limits: Limits) -> None:
        """What a person wants counts at once."""
        if limits != self._limits:
            self._limits = limits
            self._at_once = True

    def look(self, now: Surroundings, now_s: float) -> Note | None:
        """Why it rests; ``None``: it may work."""
        why = reason_to_rest(self._limits, now)
        if (why is None) is (self.why is None):
            self._since_s = None
            self.why = why  # another reason to go on with the same
        elif self._is_due(why, now_s):
            self.why, self._since_s = why, None
        self._at_once = False
        return self.why

    def _is_due(self, why: Note | None, now_s: float) -> bool:
        if self._since_s is None:
            self._since_s = now_s
        after_s = WORK_AFTER_S if why is None else REST_AFTER_S
        return self._at_once or now_s - self._since_s >= after_s
