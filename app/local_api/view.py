"""State of the local port, for display. Pure."""

from dataclasses import dataclass

from app.core.errors import Note


@dataclass(frozen=True)
class LocalApiView:
    """The port. ``url``: base address for programs while it is open. ``note``: why it could not be opened."""

    url: str = ""
    note: Note | None = None
