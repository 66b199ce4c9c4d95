"""Remembers which programs had the focus when somebody dictated, so that rules can be made for them."""

from collections.abc import Callable
from typing import Final

from app.insertion.outcome import Inserter, Insertion, Target

MOST_SEEN: Final = 20


class SeeingInserter:
    """An ``Inserter`` around another one. ``told`` the programs, the last one first, when there is another one."""

    def __init__(self, inserter: Inserter, told: Callable[[tuple[str, ...]], None]) -> None:
        self._inserter, self._told = inserter, told
        self.seen: tuple[str, ...] = ()

    async def target(self) -> Target | None:
        """The window that has the focus now; windows of our own are no program to have a rule for."""
        target = await self._inserter.target()
        if target is not None and target.program and not target.own and target.program not in self.seen[:1]:
            others = [name for name in self.seen if name != target.program]
            self.seen = (target.program, *others[: MOST_SEEN - 1])
            self._told(self.seen)
        return target

    async def insert(self, text: str, target: Target | None) -> Insertion:
        """As the other one does."""
        return await self._inserter.insert(text, target)

    async def close(self) -> None:
        """Give back what was borrowed. Safe to call twice."""
        await self._inserter.close()
