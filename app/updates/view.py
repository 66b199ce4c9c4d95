"""Knowledge of newer versions, for display, and the action that asks for it. Pure."""

from dataclasses import dataclass

from app.core.errors import Note
from app.updates.index import Release
from app.updates.installation import InstallKind


@dataclass(frozen=True)
class UpdatesView:
    """State of the notice. ``asking``: an answer is awaited.

    ``place_known``: there is an index to ask. ``asked_s``: when the last question was asked that was answered; 0:
    never. ``command``: what updates this installation of kind ``kind``; empty: the page of ``release``.
    ``needs_file``: the command needs the new file beside it. ``announce``: notify the user once, outside the
    settings. ``note``: why the last question failed.
    """

    asking: bool = False
    installed: str = ""
    place_known: bool = False
    asked_s: float = 0.0
    release: Release | None = None
    kind: InstallKind | None = None
    command: str = ""
    needs_file: bool = False
    announce: bool = False
    note: Note | None = None

    @property
    def state(self) -> str:
        """Knowledge of newer versions, as a part of the key of a text."""
        if self.asking or self.release:
            return "asking" if self.asking else "newer"
        return "current" if self.asked_s and not self.note else "unknown"


@dataclass(frozen=True)
class CheckForUpdates:
    """Ask the index now (``UpdatesView``)."""
