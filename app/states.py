"""The one vocabulary of states, for every window, announcement and terminal.

``waiting`` is the word of code, JSON and protocol; people read ``State.WAITING.word`` or the text of ``key``.
"""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """A state of a recording or of the app. Each has a shape beside its colour."""

    IDLE = "idle"  # of the app only: no recording is idle
    ARMING = "arming"  # between key-down and the first real sample
    LISTENING = "listening"
    SENDING = "sending"
    WAITING = "waiting"  # for a result
    INSERTING = "inserting"
    DONE = "done"
    HELD = "held"  # recognised, not inserted: one key pastes it
    CANCELLED = "cancelled"  # given up by the user; the history has what was recognised
    FAILED = "failed"  # something of it has no text, and can be recognised again
    DAMAGED = "damaged"  # cannot be read completely

    @property
    def key(self) -> str:
        """Name the text of each language for this state."""
        return f"state.{self.value}"

    @property
    def word(self) -> str:
        """Return the English text, for terminals, which speak English."""
        return _WORDS[self]


ENDS: Final = frozenset({State.DONE, State.HELD, State.CANCELLED, State.FAILED, State.DAMAGED})
"""States that last until a person does something."""

SHAPES: Final = {
    State.IDLE: "·",
    State.ARMING: "○",
    State.LISTENING: "●",
    State.SENDING: "▲",
    State.WAITING: "◆",
    State.INSERTING: "▶",
    State.DONE: "✓",
    State.HELD: "■",
    State.CANCELLED: "⊘",
    State.FAILED: "✗",
    State.DAMAGED: "!",
}

_WORDS: Final = {
    State.IDLE: "Ready",
    State.ARMING: "Getting ready",
    State.LISTENING: "Listening",
    State.SENDING: "Sending",
    State.WAITING: "Recognising",
    State.INSERTING: "Inserting",
    State.DONE: "Done",
    State.HELD: "To paste",
    State.CANCELLED: "Cancelled",
    State.FAILED: "Failed",
    State.DAMAGED: "Damaged",
}
