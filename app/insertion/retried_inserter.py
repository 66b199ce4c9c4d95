"""Insertion on a desktop whose parts start later than the app, as at a login."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Final

from app.insertion.errors import InsertionUnavailable
from app.insertion.helper.inserter import HelperInserter
from app.insertion.outcome import HeldInserter, Insertion, Target
from app.insertion.plan import Rules
from runtime.tasks import Tasks

FIRST_S: Final = 2.0
_LONGEST_S: Final = 300.0


class RetriedInserter:
    """An ``Inserter`` that holds every text until ``open_again`` returns another one, which then inserts them.

    ``open_again`` gets the current rules, and raises ``InsertionUnavailable``. It is called after ``first_s``, and
    again after pauses that double up to five minutes. ``reason``: why texts are held, for logs and diagnostics.
    """

    def __init__(
        self,
        reason: str,
        rules: Rules,
        open_again: Callable[[Rules], Awaitable[HelperInserter]],
        first_s: float = FIRST_S,
    ) -> None:
        self.reason = reason
        self._rules = rules
        self._open_again = open_again
        self._held = HeldInserter()
        self._opened: HelperInserter | None = None
        self._tasks = Tasks("insertion")
        self._tasks.start(self._retry(first_s), "retry")

    @property
    def rules(self) -> Rules:
        """The rules of insertion."""
        return self._rules

    @rules.setter
    def rules(self, rules: Rules) -> None:
        self._rules = rules
        if self._opened is not None:
            self._opened.rules = rules

    async def target(self) -> Target | None:
        """Return the focused window, or ``None`` while the desktop does not support insertion."""
        return await (self._opened or self._held).target()

    async def insert(self, text: str, target: Target | None) -> Insertion:
        """Insert ``text``, or hold it while the desktop does not support insertion."""
        return await (self._opened or self._held).insert(text, target)

    async def close(self) -> None:
        """End the attempts, and close the other inserter. Safe to call twice."""
        await self._tasks.close()
        if self._opened is not None:
            await self._opened.close()

    async def _retry(self, first_s: float) -> None:
        for pause_s in growing_pauses(first_s):
            await asyncio.sleep(pause_s)
            with suppress(InsertionUnavailable):
                self._opened = await self._open_again(self._rules)
                self._opened.rules = self._rules  # they may have changed in the meantime
                return


def growing_pauses(first_s: float) -> Iterator[float]:
    """Yield pauses in seconds that double up to five minutes, without end."""
    while True:
        yield first_s
        first_s = min(2 * first_s, _LONGEST_S)
