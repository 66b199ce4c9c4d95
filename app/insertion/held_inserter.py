"""Insertion where the desktop does not allow it: texts are held until the user pastes them."""

from app.insertion.outcome import HoldReason, Insertion, Target, held


class HeldInserter:
    """An ``Inserter`` that holds every text. ``reason``: why, for logs and diagnostics."""

    def __init__(self, reason: str = "") -> None:
        self.reason = reason

    async def target(self) -> Target | None:
        """Return ``None``: the focused window is unknown."""
        return None

    async def insert(self, text: str, target: Target | None) -> Insertion:
        """Hold the text for the user."""
        return held(HoldReason.TARGET_UNKNOWN)

    async def close(self) -> None:
        """Do nothing: the inserter owns no resources."""
