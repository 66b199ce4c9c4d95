"""Detect connections that should be replaced.

A connection is outdated if the gateway has another address, or if another gateway is used instead. The same holds
after this computer has slept or lost an address. Without this, a connection to a dead address stays silent until a
ping notices after half a minute.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from client.connection import Address
from runtime.tasks import is_set_within

LOOK_S: Final = 2.0


class ReconnectionDetector:
    """A detector of outdated connections.

    ``is_there``: returns whether the gateway is still at an address; ``None`` if unknown. ``own``: returns this
    computer's addresses. ``changed`` is called when ``in_use`` changes.
    """

    def __init__(
        self,
        is_there: Callable[[Address], bool | None],
        own: Callable[[], tuple[str, ...]],
        changed: Callable[[], None],
        look_s: float = LOOK_S,
    ) -> None:
        self._is_there, self._own, self._changed, self._look_s = is_there, own, changed, look_s
        self._news = asyncio.Event()
        self._sleeps = 0
        self._users = 0

    @property
    def in_use(self) -> bool:
        """True if a connection has lasted longer than a moment."""
        return self._users > 0

    def look(self) -> None:
        """Check all connections now: something may have changed."""
        before, self._news = self._news, asyncio.Event()
        before.set()

    def woke(self) -> None:
        """Treat all connections as outdated: this computer has slept."""
        self._sleeps += 1
        self.look()

    async def until_moved(self, address: Address) -> None:
        """Wait until a connection to ``address`` should be replaced; unknown gateways keep theirs."""
        before, sleeps, counted = set(self._own()), self._sleeps, False
        try:
            while (there := self._is_there(address)) is None or self._stays(before, sleeps, there):
                if await self._quiet() and not counted and there is not None:
                    counted = True
                    self._use(1)
        finally:
            if counted:
                self._use(-1)

    def _stays(self, before: set[str], sleeps: int, there: bool) -> bool:
        return there and sleeps == self._sleeps and before <= set(self._own())

    async def _quiet(self) -> bool:
        """Wait for news, at most until the next check; return True if there was none."""
        return not await is_set_within(self._news, self._look_s)

    def _use(self, more: int) -> None:
        before, self._users = self._users, self._users + more
        if bool(before) is not bool(self._users):
            self._changed()
