"""Remember the programs that received dictation, so that the user can make rules for them."""

from collections.abc import Callable
from typing import Final

from app.insertion.outcome import Inserter, Insertion, Target

MOST_SEEN: Final = 20


class ProgramTrackingInserter:
    """An ``Inserter`` around another one. ``told`` gets the programs, the newest first, after each change."""

    def __init__(self, inserter: Inserter, told: Callable[[tuple[str, ...]], None]) -> None:
        self._inserter, self._told = inserter, told
        self.seen: tuple[str, ...] = ()

    async def target(self) -> Target | None:
        """Return the focused window and remember its program, except this app's own windows."""
        target = await self._inserter.target()
        if target is not None and target.program and not target.own and target.program not in self.seen[:1]:
            others = [name for name in self.seen if name != target.program]
            self.seen = (target.program, *others[: MOST_SEEN - 1])
            self._told(self.seen)
        return target

    async def insert(self, text: str, target: Target | None) -> Insertion:
        """Insert with the wrapped inserter."""
        return await self._inserter.insert(text, target)

    async def close(self) -> None:
        """Restore borrowed resources. Safe to call twice."""
        await self._inserter.close()
