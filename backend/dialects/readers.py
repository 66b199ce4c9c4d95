"""Places to read files of requests. A process reads each file, and the number of these processes is limited."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from backend.core.errors import OverQuota
from backend.core.refusal import Refusal, RefusalReason

WAIT_S: Final = 300.0
RETRY_S: Final = 30.0


class ReaderPlaces:
    """Places for ``most`` files at a time. ``wait_s``: how long a file may wait for one.

    A free place goes to the key that holds the fewest, so that a key with many files cannot starve others.
    """

    def __init__(self, most: int, wait_s: float = WAIT_S) -> None:
        self._most, self._wait_s = most, wait_s
        self._waiting: dict[asyncio.Future[None], str] = {}  # in order of arrival
        self.reading: Counter[str] = Counter()

    @asynccontextmanager
    async def place(self, owner: str) -> AsyncIterator[None]:
        """Wait for a place, and hold it. Raises ``OverQuota`` if none becomes free in time."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[turn] = owner
        try:
            self._grant()
            await self._turn(turn)
            yield
        finally:
            if self._waiting.pop(turn, None) is None:
                self.reading[owner] -= 1
                self.reading += Counter()  # drops keys without files
            self._grant()

    async def _turn(self, turn: "asyncio.Future[None]") -> None:
        try:
            async with asyncio.timeout(self._wait_s):
                await asyncio.shield(turn)
        except TimeoutError as error:
            message = f"other files kept all places for {self._wait_s:g} s: send this one later"
            raise OverQuota(Refusal(503, RefusalReason.LOAD, message, RETRY_S)) from error

    def _grant(self) -> None:
        """Give each free place to the waiting key that holds the fewest."""
        while self._waiting and self.reading.total() < self._most:
            turn = min(self._waiting, key=lambda one: self.reading[self._waiting[one]])
            self.reading[self._waiting.pop(turn)] += 1
            turn.set_result(None)
