"""The chosen gateway, asked again and again; ``Route`` decides what follows from its answers.

Who wants to speak has it asked at once, so that a gateway that has just gone is noticed within seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

import structlog

from app.gateways.asking import ask
from app.gateways.route import Route, RouteTimes
from app.gateways.view import Answer, Health
from client.connection import Address
from runtime import logger_names
from runtime.tasks import Tasks

log = structlog.get_logger(logger_names.APP_GATEWAYS_WATCHING)

Ask = Callable[[Address], Awaitable[Answer]]
THERE: Final = frozenset({Health.WELL, Health.NOBODY})
_BEST: Final = (Health.WELL, Health.NOBODY, Health.REFUSED, Health.AWAY, Health.ASKING)


async def best_answer(addresses: Sequence[Address], asks: Ask = ask) -> tuple[Address, Answer]:
    """Of a gateway that may be at any of these: the first one, or where it answers better."""
    first = await asks(addresses[0])
    if first.health in THERE or len(addresses) == 1:
        return addresses[0], first
    others = await asyncio.gather(*map(asks, addresses[1:]))
    answers = list(zip(addresses, (first, *others), strict=True))
    return min(answers, key=lambda one: _BEST.index(one[1].health))


class Watching:
    """``told``: of each answer; ``changed``: also when speech goes somewhere else because of it."""

    def __init__(
        self,
        told: Callable[[Address, Answer], None],
        changed: Callable[[], None],
        asks: Ask = ask,
        times: RouteTimes | None = None,
    ) -> None:
        self._told, self._changed, self._asks = told, changed, asks
        self._route = Route(times)
        self._addresses: tuple[Address, ...] = ()
        self._tasks = Tasks("chosen gateway")
        self._task: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    @property
    def here(self) -> bool:
        """Whether this computer is in its place."""
        return self._route.here

    def choose(self, addresses: tuple[Address, ...], *, falls_back: bool) -> None:
        """This one from now on; empty: none."""
        self._route.choose(falls_back=falls_back)
        self.move(addresses)

    def move(self, addresses: tuple[Address, ...]) -> None:
        """It is known to be at other addresses now."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._addresses = addresses
        if addresses:
            self._task = self._tasks.start(self._keep_asking(addresses), "ask")

    def hurry(self) -> None:
        """Somebody wants to speak, or to know."""
        if self._route.stale(asyncio.get_running_loop().time()):
            self._hurry.set()

    async def close(self) -> None:
        """Ask no more. Safe to call twice."""
        self.move(())
        await self._tasks.close()

    async def _keep_asking(self, addresses: tuple[Address, ...]) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            self._hurry.clear()
            address, answer = await best_answer(addresses, self._asks)
            changed = self._route.heard(answer.health, clock())
            self._told(address, answer)
            if changed:
                log.info("speech goes elsewhere", here=self._route.here, health=answer.health.value)
                self._changed()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._route.look_in(clock())):
                    await self._hurry.wait()
