"""Make key events of the commands that a desktop runs for a key. Pure.

Each press and each release starts a process of its own, so a release may arrive before its press, or never: sway
forgets it when another key is pressed meanwhile. Therefore a press of a key that is down ends the first press.
"""

from typing import Final

from app.dictation.actions import KeyCommand, KeyMove
from app.hotkeys.events import KeyEvent

_TOGETHER_S: Final = 0.05  # commands of one short press may start in the wrong order


class KeyCommands:
    """The keys that commands have pressed. ``heard``: actions whose commands have arrived."""

    def __init__(self) -> None:
        self.heard: tuple[str, ...] = ()
        self._down: dict[str, float] = {}
        self._early: dict[str, float] = {}

    def is_down(self, action: str) -> bool:
        """Return whether the action's key was pressed and not released."""
        return action in self._down

    def events(self, command: KeyCommand, now_s: float) -> tuple[KeyEvent, ...]:
        """Return the events of a command; presses and releases of an action alternate."""
        action, at_s = command.action, command.at_s
        if action not in self.heard:
            self.heard += (action,)
        pressed, released = (KeyEvent(action, down, now_s) for down in (True, False))
        if action in self._down:
            if command.move is KeyMove.RELEASE and at_s < self._down[action]:
                return ()  # of an earlier press
            del self._down[action]
            return (released,)
        if command.move is KeyMove.TAP:
            return (pressed, released)
        if command.move is KeyMove.RELEASE:
            self._early[action] = at_s
            return ()
        if 0.0 < at_s <= self._early.pop(action, 0.0) + _TOGETHER_S:
            return (pressed, released)
        self._down[action] = at_s
        return (pressed,)
