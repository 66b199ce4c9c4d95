"""Whether a target has read what was offered to it: pure, told the time.

A program is known by a number. Reads before the key was pressed, and those of other programs (managers of the
clipboard read every new text at once), are not the target's answer to the key.
"""

from enum import StrEnum
from typing import Final

READ_DEADLINE_S: Final = 1.0
# A program may ask several times for one paste, in several formats.
SETTLED_S: Final = 0.5
QUIET_S: Final = 0.1
# A program that hung still has the key before it. It would then get what the user had copied before: nothing is
# given to it, until this much later.
LATE_S: Final = 10.0


class Verdict(StrEnum):
    """Of one paste."""

    WAITING = "waiting"
    READ = "read"
    TAKEN = "taken"  # by another program, which copied something
    NOT_READ = "not-read"


class PasteWatch:
    """One paste into ``program``, which has ``deadline_s`` for each step: to ask, to take, to ask for more."""

    def __init__(self, program: int, deadline_s: float = READ_DEADLINE_S) -> None:
        self._program = program
        self._deadline_s = deadline_s
        self._pressed_s: float | None = None
        self._asked_s = 0.0
        self._read = False
        self._taken = False
        self._late_ends_s: float | None = None

    def pressed(self, now: float) -> None:
        """The key was pressed."""
        self._pressed_s = now

    def asked(self, program: int, now: float) -> bool:
        """``program`` asks, or goes on taking; whether that is the target's answer to the key."""
        if program != self._program or self._pressed_s is None:
            return False
        self._asked_s = now
        return True

    def received(self) -> None:
        """The target has taken what it asked for."""
        self._read = True

    def taken(self) -> None:
        """Another program owns the clipboard now."""
        self._taken = True

    def verdict(self, now: float) -> Verdict:
        """What is known."""
        if self._read:
            return Verdict.READ
        if self._taken:
            return Verdict.TAKEN
        late = self._pressed_s is not None and now >= self.ends_s()
        return Verdict.NOT_READ if late else Verdict.WAITING

    def ends_s(self) -> float:
        """When the target's time is over, if it does not ask before."""
        return max(self._pressed_s or 0.0, self._asked_s) + self._deadline_s

    def settles_s(self) -> float:
        """When what was there may come back, if it does not ask again before."""
        return self._asked_s + SETTLED_S

    def quiet_s(self) -> float:
        """When another text may be offered, where nothing better tells that it is at an end with this one."""
        return self._asked_s + QUIET_S

    def give_up(self, now: float) -> None:
        """The text is held: the target gets nothing for this key any more."""
        self._late_ends_s = now + LATE_S if self._pressed_s is not None else None

    def may_be_late(self, now: float) -> bool:
        """Whether a late answer is possible."""
        return self._late_ends_s is not None and now < self._late_ends_s

    def late(self, program: int, now: float) -> bool:
        """Whether ``program`` may still have the key of a text that is held before it."""
        return program == self._program and self.may_be_late(now)

    def refuses(self, program: int, now: float) -> bool:
        """Whether what ``program`` asks for now is the late answer to a key of a text that is held."""
        if self._late_ends_s is None or not self.late(program, now):
            return False
        self._late_ends_s = min(self._late_ends_s, now + SETTLED_S)  # one paste, however many formats
        return True
