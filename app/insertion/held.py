"""Where nothing tells which window has the focus (Wayland): texts are held, one key copies them."""

from app.insertion.outcome import Insertion, Reason, Target, held


class HeldInserter:
    """An ``Inserter`` that inserts nothing."""

    async def target(self) -> Target | None:
        """Nobody knows."""
        return None

    async def insert(self, text: str, target: Target | None) -> Insertion:
        """Held."""
        return held(Reason.TARGET_UNKNOWN)

    async def close(self) -> None:
        """Nothing was borrowed."""
