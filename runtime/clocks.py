"""Detection of wall clock changes, which make ages unreliable.

The wall clock may be set at any time, and after a start it may be wrong until the network corrects it. Files dated
before the correction may look a month old within the hour. A file on disk warns a program that starts with a wrong
clock.
"""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from math import inf, isfinite
from pathlib import Path
from typing import Final, NamedTuple

from runtime import loggers
from runtime.event_names import LogEvent
from runtime.whole_file import keep, read_regular

log = loggers.RUNTIME_CLOCKS

DAY_S: Final = 24 * 3600.0
_JUMP_S: Final = DAY_S
_AWAY_S: Final = 21 * DAY_S
"""Longest believable time without a running program."""
_NOTE_S: Final = 3600.0


def steady_s() -> float:
    """Return seconds of a clock that is never set and continues while the computer sleeps.

    On macOS ``CLOCK_MONOTONIC`` does (clock_gettime(3)), and the clock of ``time.monotonic`` there does not.
    """
    clock = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class WallClock:
    """Wall clock ``now_s``, compared with a steady clock from its creation on. Not thread-safe.

    ``memory``: a file that tells the next program when the clock was read last, and for how long it has moved
    evenly. Without the file, as at the very first start, no even movement is known. ``None``: the clock is trusted
    from the start.
    """

    def __init__(
        self,
        now_s: Callable[[], float] = time.time,
        steady_s: Callable[[], float] = steady_s,
        memory: Path | None = None,
    ) -> None:
        self.now_s = now_s
        self._steady_s = steady_s
        self._last = now_s(), steady_s()
        self._memory = memory
        self._noted_s = -inf
        self._even_s = inf if memory is None else _even_s(_read_note(memory), self._last[0])

    def can_judge_age(self, age_s: float) -> bool:
        """Return whether the clock can tell that something is older than ``age_s``.

        After a change of more than a day, or three weeks without any program, it cannot until ``age_s`` have
        passed. Call this regularly: only changes between two calls are detected.
        """
        now = self.now_s(), self._steady_s()
        passed_s = now[1] - self._last[1]
        set_by_s = now[0] - self._last[0] - passed_s
        self._last = now
        self._even_s += passed_s
        if abs(set_by_s) > _JUMP_S:
            _warn(set_by_s)
            self._even_s = 0.0
        if self._memory is not None and (self._even_s == 0.0 or now[1] - self._noted_s >= _NOTE_S):
            keep(self._memory, _ClockNote(now[0], self._even_s))  # a failure only delays the next program's trust
            self._noted_s = now[1]
        return self._even_s > age_s


class _ClockNote(NamedTuple):
    """Content of the memory: the last reading, and the seconds of even movement before it."""

    last_s: float
    even_s: float


def _even_s(note: _ClockNote | None, now_s: float) -> float:
    """Return for how long the clock has moved evenly, by the note of an earlier program."""
    if note is None:
        return 0.0
    away_s = now_s - note.last_s
    if -_JUMP_S <= away_s <= _AWAY_S:
        return note.even_s + max(0.0, away_s)
    _warn(away_s)
    return 0.0


def _warn(set_by_s: float) -> None:
    log.warning(LogEvent.CLOCK_SET, by_s=round(set_by_s), expiry="paused")


def _read_note(memory: Path) -> _ClockNote | None:
    """Return the note, or ``None`` if there is no readable one."""
    with suppress(OSError, ValueError, TypeError, OverflowError, RecursionError):
        note = _ClockNote(*map(float, json.loads(read_regular(memory))))
        if all(map(isfinite, note)) and note.even_s >= 0:
            return note
    return None
