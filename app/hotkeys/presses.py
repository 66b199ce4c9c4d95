"""Which key events of a keyboard are presses and releases of hotkeys. Pure: no clock, no keyboard."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from app.hotkeys.events import KeyEvent

CHORD_S: Final = 1.0
"""A lone modifier that has been held for longer than this is meant for us, whatever is pressed then."""


@dataclass(frozen=True)
class Grab:
    """A key of ours, as the keyboard numbers it. ``modifiers``: bits that must be down with it, and no others.

    ``own``: the bits that the key itself sets while it is down (a lone modifier's).
    """

    action: str
    code: int
    modifiers: int = 0
    own: int = 0


class Answer(Enum):
    """What becomes of a key: it stays here, or the program that has the focus gets it."""

    KEEP = auto()
    LET_THROUGH = auto()


@dataclass(frozen=True)
class Decision:
    """What a key means. ``answer`` matters where keys are asked about one by one."""

    events: tuple[KeyEvent, ...] = ()
    answer: Answer = Answer.KEEP


@dataclass(frozen=True)
class _Down:
    grab: Grab
    since_s: float


class Presses:
    """Told of each key that goes down or up while it may be ours. Of each action, press and release alternate."""

    def __init__(self) -> None:
        self._grabs: dict[tuple[int, int], Grab] = {}
        self._down: dict[int, _Down] = {}

    @property
    def down(self) -> tuple[int, ...]:
        """Codes of the hotkeys that are held."""
        return tuple(self._down)

    def bind(self, grabs: Iterable[Grab]) -> None:
        """These from now on. A key that is held stays what it was until it is up."""
        self._grabs = {(grab.code, grab.modifiers): grab for grab in grabs}

    def pressed(self, code: int, modifiers: int, at_s: float) -> Decision:
        """``modifiers``: those down before, without locks."""
        if code in self._down:
            return Decision()  # auto-repeat
        grab = self._grabs.get((code, modifiers)) or self._grabs.get((code, modifiers & ~self._held_bits()))
        if grab:
            if any(down.grab.action == grab.action for down in self._down.values()):
                return Decision()  # its other key: the numeric pad's Enter beside the big one
            self._down[code] = _Down(grab, at_s)
            return Decision((KeyEvent(grab.action, True, at_s),))
        lone = [code for code, down in self._down.items() if down.grab.own and at_s - down.since_s <= CHORD_S]
        if not lone:
            return Decision()
        ended = tuple(KeyEvent(self._down.pop(code).grab.action, False, at_s, chord=True) for code in lone)
        return Decision(ended, Answer.LET_THROUGH)

    def keeps(self, code: int) -> bool:
        """Whether this key is held and no program should see it; of a lone modifier, others may."""
        return code in self._down and not self._down[code].grab.own

    def released(self, code: int, at_s: float) -> Decision:
        """Whether noticed as an event, or late, by asking the keyboard."""
        down = self._down.pop(code, None)
        return Decision((KeyEvent(down.grab.action, False, at_s),) if down else ())

    def _held_bits(self) -> int:
        """Esc cancels while Right Ctrl or Ctrl+Alt+D is held."""
        bits = 0
        for down in self._down.values():
            bits |= down.grab.modifiers | down.grab.own
        return bits
