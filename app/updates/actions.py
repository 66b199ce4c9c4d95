"""Actions of a user about newer versions. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CheckForUpdates:
    """Ask the index now (``UpdatesView``)."""
