"""State of the local port, for display. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from app.core.errors import Note


class LocalApiState(StrEnum):
    """States of the port."""

    OFF = "off"
    OPEN = "open"
    FAILED = "failed"


@dataclass(frozen=True)
class LocalApiView:
    """The port. ``url``: base address for programs while it is open. ``note``: why it could not be opened."""

    state: LocalApiState = LocalApiState.OFF
    url: str = ""
    note: Note | None = None
