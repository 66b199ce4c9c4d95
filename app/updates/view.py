"""Knowledge of newer versions, for display, and the action that asks for it. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from app.core.errors import Note
from app.updates.index import Release
from app.updates.installation import InstallKind


class UpdateState(StrEnum):
    """States of the knowledge: nothing asked yet, asking, the newest is installed, a newer one exists, failed."""

    UNKNOWN = "unknown"
    ASKING = "asking"
    CURRENT = "current"
    NEWER = "newer"
    FAILED = "failed"


@dataclass(frozen=True)
class UpdatesView:
    """State of the notice.

    ``place_known``: there is an index to ask. ``asked_s``: when it was asked last; 0: never. ``command``: what
    updates this installation of kind ``kind``; empty: the page of ``release``. ``needs_file``: the command needs
    the new file beside it. ``announce``: notify the user once, outside the settings. ``note``: why the last
    question failed.
    """

    state: UpdateState = UpdateState.UNKNOWN
    installed: str = ""
    place_known: bool = False
    asked_s: float = 0.0
    release: Release | None = None
    kind: InstallKind | None = None
    command: str = ""
    needs_file: bool = False
    announce: bool = False
    note: Note | None = None


@dataclass(frozen=True)
class CheckForUpdates:
    """Ask the index now (``UpdatesView``)."""
