"""Insertion on Wayland, which does not reveal the focused window: texts are held until the user pastes them."""

from app.insertion.outcome import HoldReason, Insertion, Target, held


class HeldInserter:
    """An ``Inserter`` that holds every text."""

    async def target(self) -> Target | None:
        """Return ``None``: the focused window is unknown."""
        return None

    async def insert(self, text: str, target: Target | None) -> Insertion:
        """Hold the text for the user."""
        return held(HoldReason.TARGET_UNKNOWN)

    async def close(self) -> None:
        """Do nothing: the inserter owns no resources."""
