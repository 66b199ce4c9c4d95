"""Decide when this computer's worker rests: on battery, during full-screen use, outside its hours. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from app.core.errors import Note

BATTERY: Final = Note("rests-on-battery")
FULL_SCREEN: Final = Note("rests-full-screen")

REST_AFTER_S: Final = 10.0
"""A reason to rest must last this long, so that brief full-screen use does not stop the worker."""

WORK_AFTER_S: Final = 30.0
"""Delay between the end of the last reason and working again, because starting is slow."""

_DAY: Final = 24 * 60
_HOURS: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_TYPED_HOURS: Final = re.compile(r"(\d{1,2})(?::(\d\d))?-(\d{1,2})(?::(\d\d))?")


@dataclass(frozen=True)
class WorkerLimits:
    """The user's limits on the worker.

    ``hours``: as ``20:00-08:00``; empty: always.
    """

    on_battery: bool = True
    beside_full_screen: bool = True
    hours: str = ""

    @property
    def any(self) -> bool:
        """True if any limit is set."""
        return not (self.on_battery and self.beside_full_screen and not self.hours)


@dataclass(frozen=True)
class ComputerState:
    """The current state of the computer.

    ``None``: unknown, which is no reason to rest. ``minute``: of the day, local time.
    """

    on_battery: bool | None = None
    full_screen: bool | None = None
    minute: int = 0


def parse_hours(text: str) -> tuple[int, int] | None:
    """Return the first and last minute of the day, or ``None`` for invalid text."""
    found = _HOURS.fullmatch(text)
    if found is None:
        return None
    begin = int(found[1]) * 60 + int(found[2])
    end = int(found[3]) * 60 + int(found[4])
    return (begin, end) if begin != end else None


def tidy_hours(typed: str) -> str:
    """Return typed hours as the settings write them: "8-17" is 08:00-17:00. Return other text as it is.

    An input method types full-width signs, and some people type a dash or spaces.
    """
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", typed))
    found = _TYPED_HOURS.fullmatch(re.sub("[–—~至到]", "-", plain))
    if found is None:
        return typed
    begin, begin_minute, end, end_minute = found.groups("00")
    tidy = f"{begin:0>2}:{begin_minute}-{end:0>2}:{end_minute}"
    return tidy if parse_hours(tidy) else typed


def reason_to_rest(limits: WorkerLimits, now: ComputerState) -> Note | None:
    """Return the reason to rest at this moment, or ``None``."""
    if now.on_battery and not limits.on_battery:
        return BATTERY
    if not _within(limits.hours, now.minute):
        begin, _, end = limits.hours.partition("-")
        return Note("rests-hours", {"begin": begin, "end": end})
    if now.full_screen and not limits.beside_full_screen:
        return FULL_SCREEN
    return None


def _within(hours: str, minute: int) -> bool:
    """Return whether the minute is within the hours, which may span midnight (20:00-08:00)."""
    if (parsed := parse_hours(hours)) is None:
        return True
    begin, end = parsed
    return (minute - begin) % _DAY < (end - begin) % _DAY


class RestDecision:
    """Decision whether the worker rests, with delays that ignore brief changes.

    Times are seconds of one clock.
    """

    def __init__(self, limits: WorkerLimits | None = None) -> None:
        self.why: Note | None = None
        self.limits = limits or WorkerLimits()
        self._since_s: float | None = None
        self._at_once = True

    def allow(self, limits: WorkerLimits) -> bool:
        """Set the limits; return whether they are new, and so apply at once."""
        before, self.limits = self.limits, limits
        self._at_once |= limits != before
        return limits != before

    def update(self, now: ComputerState, now_s: float) -> Note | None:
        """Return the reason why the worker rests, or ``None`` if it may work."""
        why = reason_to_rest(self.limits, now)
        if (why is None) is (self.why is None):
            self._since_s = None
            self.why = why  # only the reason may have changed
        elif self._is_due(why, now_s):
            self.why, self._since_s = why, None
        self._at_once = False
        return self.why

    def _is_due(self, why: Note | None, now_s: float) -> bool:
        if self._since_s is None:
            self._since_s = now_s
        after_s = WORK_AFTER_S if why is None else REST_AFTER_S
        return self._at_once or now_s - self._since_s >= after_s
