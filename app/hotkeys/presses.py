"""Recognise presses and releases of hotkeys in key events. Pure: no clock, no keyboard."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from app.hotkeys.events import KeyEvent

CHORD_S: Final = 1.0
"""After this time, a held lone modifier counts as a hotkey, even if another key is pressed."""


@dataclass(frozen=True)
class Grab:
    """A bound key by its code. ``modifiers``: bits that must be down with it, and no others.

    ``own``: the bits that the key itself sets while it is down (only a lone modifier does).
    """

    action: str
    code: int
    modifiers: int = 0
    own: int = 0


@dataclass(frozen=True)
class Decision:
    """The events of a key. ``through``: let the focused program have it, on systems that ask about each key."""

    events: tuple[KeyEvent, ...] = ()
    through: bool = False


@dataclass(frozen=True)
class _Down:
    grab: Grab
    since_s: float


class Presses:
    """A state machine fed with every key press and release. For each action, press and release alternate."""

    def __init__(self) -> None:
        self._grabs: dict[tuple[int, int], Grab] = {}
        self._down: dict[int, _Down] = {}

    @property
    def down(self) -> tuple[int, ...]:
        """The codes of the hotkeys that are held."""
        return tuple(self._down)

    def bind(self, grabs: Iterable[Grab]) -> None:
        """Replace the bound keys. A key that is held keeps its action until it is released."""
        self._grabs = {(grab.code, grab.modifiers): grab for grab in grabs}

    def pressed(self, code: int, modifiers: int, at_s: float) -> Decision:
        """Handle a key press. ``modifiers``: those down before it, without locks."""
        if code in self._down:
            return Decision()  # auto-repeat
        grab = self._grabs.get((code, modifiers)) or self._grabs.get((code, modifiers & ~self._held_bits()))
        if grab:
            if any(down.grab.action == grab.action for down in self._down.values()):
                return Decision()  # a second key of the same action, such as the numeric pad's Enter
            self._down[code] = _Down(grab, at_s)
            return Decision((KeyEvent(grab.action, pressed=True, at_s=at_s),))
        lone = [code for code, down in self._down.items() if down.grab.own and at_s - down.since_s <= CHORD_S]
        if not lone:
            return Decision()
        ended = tuple(
            KeyEvent(self._down.pop(code).grab.action, pressed=False, at_s=at_s, chord=True) for code in lone
        )
        return Decision(ended, through=True)

    def held(self, action: str) -> list[int]:
        """Return the code of the held key of an action, which may have another key by now; or nothing."""
        return [code for code, down in self._down.items() if down.grab.action == action]

    def is_withheld(self, code: int) -> bool:
        """Return whether this key is held and withheld from programs; lone modifiers are not withheld."""
        return code in self._down and not self._down[code].grab.own

    def released(self, code: int, at_s: float) -> Decision:
        """Handle a release, whether it came as an event or was detected late."""
        down = self._down.pop(code, None)
        return Decision((KeyEvent(down.grab.action, pressed=False, at_s=at_s),) if down else ())

    def _held_bits(self) -> int:
        """Return the modifier bits of held hotkeys, so that Esc cancels while Right Ctrl or Ctrl+Alt+D is held."""
        bits = 0
        for down in self._down.values():
            bits |= down.grab.modifiers | down.grab.own
        return bits
