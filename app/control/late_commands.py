"""Decide what to do with a command that a stalled app reads late. Pure.

A late command may end a recording, as its user still wants, but never begin one, paste or quit (decision 0106).
"""

from dataclasses import replace
from typing import Final

from app.dictation import messages
from app.dictation.actions import KeyCommand, KeyMove, SettleHeld, Verb

_UNSEEN_S: Final = 0.3
"""A press that began less than this before the change is a deliberate second one, not impatience."""

Command = Verb | SettleHeld | KeyCommand


def abandoned(command: Command) -> Command | None:
    """Return the part of a command to perform for a client that gave up: only what ends a recording, if any."""
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
    """Return whether a toggle repeats an earlier one whose effect its user had not seen yet.

    ``began_s``: when the command began; 0: unknown. ``changed_s``: when a recording last began or ended.
    """
    match command:
        case Verb.TOGGLE | KeyCommand(action=messages.DICTATE, move=KeyMove.TAP):
            return 0.0 < began_s < changed_s - _UNSEEN_S
    return False
