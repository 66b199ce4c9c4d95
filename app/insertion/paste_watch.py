"""Determine whether a target has read an offered text. Pure: time is passed in.

A program is identified by a number. Two kinds of reads are not the target's answer to the key: reads before the
key was pressed, and reads by other programs (clipboard managers read every new text at once).
"""

from enum import StrEnum
from typing import Final

READ_DEADLINE_S: Final = 1.0
# A program may request several formats for one paste.
SETTLED_S: Final = 0.5
QUIET_S: Final = 0.1
# A hanging program still has to process the key, and would then paste the user's old copy. So it gets nothing for
# this long.
LATE_S: Final = 10.0
# A program that owes the answer to a ping surely hangs. The bound is for those that never answer.
HANGS_S: Final = 300.0


class PasteState(StrEnum):
    """The state of one paste."""

    WAITING = "waiting"
    READ = "read"
    TAKEN = "taken"  # another program copied something
    NOT_READ = "not-read"


class PasteWatch:
    """The progress of one paste into ``program``.

    Each step (ask, take, ask for more) may last ``deadline_s``. A late answer may come for ``late_s``.
    """

    def __init__(self, program: int, deadline_s: float = READ_DEADLINE_S, late_s: float = LATE_S) -> None:
        self._program = program
        self._deadline_s = deadline_s
        self._late_s = late_s
        self._pressed_s: float | None = None
        self._asked_s = 0.0
        self._read = False
        self._taken = False
        self._late_ends_s: float | None = None
        self._usual_late_s = 0.0
        self._last_late_s = 0.0

    @property
    def was_pressed(self) -> bool:
        """True once the paste key was pressed."""
        return self._pressed_s is not None

    def pressed(self, now: float) -> None:
        """Note that the paste key was pressed."""
        self._pressed_s = now

    def text_requested(self, program: int, now: float) -> bool:
        """Note a request by ``program``; return whether it is the target's answer to the key."""
        if program != self._program or self._pressed_s is None:
            return False
        self._asked_s = now
        return True

    def received(self) -> None:
        """Note that the target has taken the requested text."""
        self._read = True

    def owner_changed(self) -> None:
        """Note that another program owns the clipboard now."""
        self._taken = True

    def verdict(self, now: float) -> PasteState:
        """Return the state of the paste at this time."""
        if self._read:
            return PasteState.READ
        if self._taken:
            return PasteState.TAKEN
        late = self._pressed_s is not None and now >= self.ends_s()
        return PasteState.NOT_READ if late else PasteState.WAITING

    def ends_s(self) -> float:
        """Return the time at which the target's deadline ends, unless it asks before."""
        return max(self._pressed_s or 0.0, self._asked_s) + self._deadline_s

    def settles_s(self) -> float:
        """Return the time at which the old contents may return, unless the target asks again before."""
        return self._asked_s + SETTLED_S

    def quiet_s(self) -> float:
        """Return the earliest time for offering the next text, for targets that do not answer pings."""
        return self._asked_s + QUIET_S

    def give_up(self, now: float) -> None:
        """Give up: the text is held, and the target no longer gets anything for this key."""
        self._usual_late_s = self._last_late_s = now + self._late_s
        self._late_ends_s = self._last_late_s if self._pressed_s is not None else None

    def pinged(self, now: float) -> bool:
        """Expect a late answer until the ping is ``answered``; return False if no key was pressed."""
        if self._late_ends_s is None:
            return False
        self._late_ends_s = self._last_late_s = now + HANGS_S
        return True

    def answered(self, now: float) -> None:
        """Note that the program answered the ping: it has processed the key, and asks soon or never."""
        self._last_late_s = max(self._usual_late_s, now + SETTLED_S)
        if self._late_ends_s is not None:
            self._late_ends_s = min(self._late_ends_s, self._last_late_s)

    def may_be_late(self, now: float) -> bool:
        """Return whether a late answer is still possible."""
        return self._late_ends_s is not None and now < self._late_ends_s

    def late(self, program: int, now: float) -> bool:
        """Return whether ``program`` may still have to process the key of a held text."""
        return program == self._program and self.may_be_late(now)

    def refuses(self, program: int, now: float) -> bool:
        """Return whether to refuse a request by ``program``: it is the late answer to the key of a held text."""
        if self._late_ends_s is None or not self.late(program, now):
            return False
        self._late_ends_s = min(self._last_late_s, now + SETTLED_S)  # one paste asks again and again if refused
        return True
