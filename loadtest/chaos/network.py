"""Disturbed network: a proxy on which several events may lie at the same time."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from loadtest.chaos.events import Way
from loadtest.chaos.proxy import TcpProxy

_CUT_WITHIN_S: Final = 5.0

Delay = Callable[[int], float]


class Network:
    """Network that carries a proxy's connections. Each disturbance ends with its context."""

    def __init__(self, proxy: TcpProxy) -> None:
        self.proxy = proxy
        self._delays: list[Delay] = []
        self._stalls = 0
        self._away = 0

    @property
    def disturbed(self) -> bool:
        """True while it is away, or anything is delayed or stalled."""
        return bool(self._away or self._stalls or self._delays)

    def pause(self, size: int) -> float:
        """Return the delay of a piece of so many bytes, by all disturbances in force."""
        return sum(delay(size) for delay in self._delays)

    async def cut(self, size: int, way: Way, within_s: float = _CUT_WITHIN_S) -> None:
        """Cut a connection after ``size`` more bytes in this direction; all of them if so much never passes."""
        if size > 0:
            try:
                async with asyncio.timeout(within_s):
                    await self.proxy.cut_after(size, way)
                return
            except TimeoutError:
                pass
        self.proxy.cut()

    @asynccontextmanager
    async def gone(self) -> AsyncIterator[None]:
        """Reset all connections and refuse new ones."""
        self._away += 1
        try:
            await self.proxy.down()
            yield
        finally:
            self._away -= 1
            if not self._away:
                await self.proxy.up()

    @contextmanager
    def delayed(self, seconds: float, chance: random.Random) -> Iterator[None]:
        """Delay each piece by half to one and a half times ``seconds``."""
        with self._delay(lambda size: seconds * chance.uniform(0.5, 1.5)):
            yield

    @contextmanager
    def narrowed(self, bytes_per_s: float) -> Iterator[None]:
        """Limit the bandwidth of each direction of each connection."""
        with self._delay(lambda size: size / bytes_per_s):
            yield

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Let nothing pass, and lose nothing."""
        self._stalls += 1
        self.proxy.stall()
        try:
            yield
        finally:
            self._stalls -= 1
            if not self._stalls:
                self.proxy.flow()

    @contextmanager
    def half_open(self, ways: Sequence[Way]) -> Iterator[None]:
        """Swallow what the present connections send; reset those that nobody has given up in the end."""
        self.proxy.half_open(ways)
        try:
            yield
        finally:
            self.proxy.cut(muted=True)

    @contextmanager
    def _delay(self, delay: Delay) -> Iterator[None]:
        self._delays.append(delay)
        self.proxy.delay(self.pause)
        try:
            yield
        finally:
            self._delays.remove(delay)
