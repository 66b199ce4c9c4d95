"""Connections that had better be made anew: the gateway has another address, another one is in its place, or this
computer has slept or lost an address of its own.

A connection to an address that nobody has any more is silent; without this it is a ping that notices, after half
a minute.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from client.connection import Address

LOOK_S: Final = 2.0


class Moving:
    """``is_there``: whether what is said to an address arrives where it should; ``None``: nobody knows.

    ``own`` are this computer's addresses. ``changed``: there is another answer to whether it is ``in_use``.
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
        """Whether somebody has been connected for longer than a moment."""
        return self._users > 0

    def look(self) -> None:
        """Something may be different now."""
        before, self._news = self._news, asyncio.Event()
        before.set()

    def woke(self) -> None:
        """This computer has slept: nobody knows what became of a connection."""
        self._sleeps += 1
        self.look()

    async def until_moved(self, address: Address) -> None:
        """Until a connection to it had better be made anew; one to a gateway of which nobody knows may stay."""
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
        """Wait for news, or until it is time to look; whether there was none."""
        news = self._news
        with suppress(TimeoutError):
            await asyncio.wait_for(news.wait(), self._look_s)
        return not news.is_set()

    def _use(self, more: int) -> None:
        before, self._users = self._users, self._users + more
        if bool(before) is not bool(self._users):
            self._changed()
