"""Define the states that windows, announcements and commands show.

Code, JSON and protocol use words like ``waiting``; users read the text of ``State.WAITING.key``.
"""

from enum import StrEnum
from typing import Final

LOWEST_DBFS: Final = -60.0
"""The lowest level that is displayed; silence is shown as this."""


STARTING: Final = "starting"
"""State that the control socket reports instead of ``idle`` until the hotkeys work."""


class State(StrEnum):
    """A state of a recording or of the app.

    Each has a shape in addition to its colour.
    """

    IDLE = "idle"  # for the app only, never for a recording
    ARMING = "arming"  # between key-down and the first real sample
    LISTENING = "listening"
    SENDING = "sending"
    WAITING = "waiting"  # for a result
    INSERTING = "inserting"
    DONE = "done"
    HELD = "held"  # recognised but not inserted; the paste key inserts it
    CANCELLED = "cancelled"  # cancelled by the user; the history keeps the recognised text
    FAILED = "failed"  # some segments have no text and can be recognised again
    DAMAGED = "damaged"  # the recording cannot be read completely

    @property
    def key(self) -> str:
        """The key of this state's translated text."""
        return f"state.{self.value}"


ENDS: Final = frozenset({State.DONE, State.HELD, State.CANCELLED, State.FAILED, State.DAMAGED})
"""States that last until the user acts."""

RECORDING: Final = frozenset({State.ARMING, State.LISTENING})
"""States from key-down to the end of speech."""

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
