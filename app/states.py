"""The one vocabulary of a dictation's states: the same words in tray, overlay, windows, history and ``status``."""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a take stands. Each has a shape beside its colour, so that no state is told by colour alone."""

    IDLE = "idle"
    ARMING = "arming"  # between key-down and the first real sample
    LISTENING = "listening"
    SENDING = "sending"
    WAITING = "waiting"
    INSERTING = "inserting"
    DONE = "done"
    HELD = "held"  # recognised, not inserted: one key pastes it
    FAILED = "failed"


SHAPES: Final = {
    State.IDLE: "·",
    State.ARMING: "○",
    State.LISTENING: "●",
    State.SENDING: "▲",
    State.WAITING: "◆",
    State.INSERTING: "▶",
    State.DONE: "✓",
    State.HELD: "■",
    State.FAILED: "✗",
}
