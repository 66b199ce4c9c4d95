"""The insertion on X11 in the helper process, by two threads that talk to the X server.

One thread inserts. The other finds the focused window, because an insertion may take seconds.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, Self

from app.insertion.errors import ScreenGone
from app.insertion.helper.frames import OpenRequest
from app.insertion.outcome import Insertion, Target
from app.insertion.plan import Rules
from app.insertion.x11.clipboard import kept_contents
from app.insertion.x11.connection import X11Connection, XThread
from app.insertion.x11.grab_guard import Grabs
from app.insertion.x11.screen import X11Screen
from app.insertion.x11.strategies import X11Strategies

_CLOSE_S: Final = 3.0


class X11Inserter:
    """A ``DesktopInserter`` for X11. ``gone`` is never set: the next call raises ``ScreenGone`` instead."""

    def __init__(self, looks: XThread, works: XThread, screen: X11Screen, strategies: X11Strategies) -> None:
        self.gone = asyncio.Event()
        self._looks, self._works, self._screen, self._strategies = looks, works, screen, strategies

    @classmethod
    async def open(
        cls, grabs: Grabs, kept: int | None, opening: OpenRequest, pressing: Callable[[int], None]
    ) -> Self:
        """Connect to the display. Raises ``InsertionUnavailable``."""
        looks, works = XThread(opening.display), XThread(opening.display, grabs)
        await looks.open()
        await works.open()

        def strategies(connection: X11Connection) -> X11Strategies:
            made = X11Strategies(connection, opening.patience_s, kept_contents(kept))
            made.screen.pressing = pressing
            made.clipboard.recover(opening.late)
            return made

        screen = await looks.call(partial(X11Screen, ours=opening.app))
        return cls(looks, works, screen, await works.call(strategies))

    async def target(self) -> Target | None:
        """Return the focused window."""
        return await self._looks.call(lambda _: self._screen.target())

    async def prepare(self, target: Target) -> None:
        """Read the clipboard before its contents are needed."""
        await self._works.call(lambda _: self._strategies.prepare(target))

    async def insert(self, text: str, target: Target, rules: Rules) -> Insertion:
        """Insert ``text`` if ``target`` has the focus."""
        return await self._works.call(lambda _: self._strategies.insert(text, target, rules))

    async def close(self) -> None:
        """Restore borrowed resources and end the connections."""
        with suppress(TimeoutError, ScreenGone):
            async with asyncio.timeout(_CLOSE_S):
                await self._works.call(lambda _: self._strategies.close())
        await self._looks.close()
        await self._works.close()
