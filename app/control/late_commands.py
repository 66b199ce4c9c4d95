"""Decide what a command means that the app reads late, because it stood still. Pure.

A late command may end a recording, which its user still wants, but never begin one, paste or quit
(decision 0106).
"""

from dataclasses import replace
from typing import Final

from app.dictation import messages
from app.dictation.actions import KeyCommand, KeyMove, SettleHeld, Verb

_UNSEEN_S: Final = 0.3
"""Users who press again sooner did not press again because they saw no effect."""

Command = Verb | SettleHeld | KeyCommand


def abandoned(command: Command) -> Command | None:
    """Return what to do for a client that gave up: only end a recording. ``None``: nothing."""
    match command:
        case Verb.STOP | Verb.TOGGLE:
            return Verb.STOP
        case Verb.CANCEL:
            return command
        case KeyCommand(move=KeyMove.RELEASE):
            return command
        case KeyCommand():
            return replace(command, late=True)
    return None


def repeats(command: Command, began_s: float, changed_s: float) -> bool:
    """Return whether a toggle only repeats an earlier one, of which its user saw no effect yet.

    ``began_s``: when the command began; 0: unknown. ``changed_s``: when a recording began or ended last.
    """
    match command:
        case Verb.TOGGLE | KeyCommand(action=messages.DICTATE, move=KeyMove.TAP):
            return 0.0 < began_s < changed_s - _UNSEEN_S
    return False
