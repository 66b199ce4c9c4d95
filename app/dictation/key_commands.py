"""Convert the commands that a desktop runs for a key into key events. Pure.

Each press and each release starts a process of its own. So a release may arrive before its press, or never: sway
drops it if another key is pressed first. Therefore a press of a key that is down ends the first press, and
``release`` ends a press whose release is lost.
"""

from dataclasses import replace
from typing import Final

from app.dictation.actions import KeyCommand, KeyMove
from app.hotkeys.events import KeyEvent

_TOGETHER_S: Final = 0.05
"""The commands of one short press may start in the wrong order, at most this far apart."""
_OVERTAKEN_S: Final = 1.0
"""If the system reports no times, a press within this time after a lone release belongs to it."""


class KeyCommands:
    """The keys that commands have pressed. ``arrived``: actions whose commands have arrived."""

    def __init__(self) -> None:
        self.arrived: tuple[str, ...] = ()
        self._down: dict[str, tuple[float, float]] = {}  # when a press began and when it arrived
        self._early: dict[str, tuple[float, float]] = {}  # when a release began and when it arrived

    def is_down(self, action: str) -> bool:
        """Return whether the action's key was pressed and not released."""
        return action in self._down

    def release(self, action: str) -> bool:
        """Count a key as released, and return whether it was down."""
        return self._down.pop(action, None) is not None

    def events(self, command: KeyCommand, now_s: float) -> tuple[KeyEvent, ...]:
        """Return the events of a command; presses and releases of an action alternate."""
        action, at_s = command.action, command.at_s
        if action not in self.arrived:
            self.arrived += (action,)
        pressed, released = (KeyEvent(action, down, now_s) for down in (True, False))
        if down := self._down.get(action):
            began_s, arrived_s = down
            is_release = command.move is KeyMove.RELEASE
            if is_release and at_s < began_s - _TOGETHER_S:
                return ()  # of an earlier press
            del self._down[action]
            if is_release and began_s and at_s:  # on a busy computer the release of a tap arrives late
                return (replace(released, at_s=min(arrived_s + max(at_s - began_s, 0.0), now_s)),)
            return (released,)
        if command.move is KeyMove.TAP:
            return (pressed, released)
        if command.move is KeyMove.RELEASE:
            self._early[action] = at_s, now_s
            return ()
        if self._is_over(command, now_s):
            return (pressed, released)
        self._down[action] = at_s, now_s
        return (pressed,)

    def _is_over(self, press: KeyCommand, now_s: float) -> bool:
        """Return whether the release of this press has arrived before it."""
        if press.action not in self._early:
            return False
        began_s, arrived_s = self._early.pop(press.action)
        if press.at_s:
            return press.at_s <= began_s + _TOGETHER_S
        return not began_s and now_s <= arrived_s + _OVERTAKEN_S
