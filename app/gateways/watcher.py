"""Query the chosen gateway repeatedly; ``Route`` decides what follows from its answers.

It is queried at once when the user wants to speak, so its loss is noticed within seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from app.gateways.probe import ask
from app.gateways.route import Route, RouteTimes
from app.gateways.view import GatewayHealth, QueryResult
from client.connection import Address
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import OneTask, Tasks, is_set_within

log = loggers.APP_GATEWAYS_WATCHING

Ask = Callable[[Address], Awaitable[QueryResult]]
THERE: Final = frozenset({GatewayHealth.WELL, GatewayHealth.NOBODY})
_BEST: Final = (
    GatewayHealth.WELL,
    GatewayHealth.NOBODY,
    GatewayHealth.REFUSED,
    GatewayHealth.AWAY,
    GatewayHealth.ASKING,
)


async def best_answer(addresses: Sequence[Address], asks: Ask = ask) -> tuple[Address, QueryResult]:
    """Query a gateway at its possible addresses; return the first address if it answers, else the best one."""
    first = await asks(addresses[0])
    if first.health in THERE or len(addresses) == 1:
        return addresses[0], first
    others = await asyncio.gather(*map(asks, addresses[1:]))
    answers = list(zip(addresses, (first, *others), strict=True))
    return min(answers, key=lambda one: _BEST.index(one[1].health))


class GatewayWatcher:
    """A repeated query of the chosen gateway. ``told`` gets each answer, and ``route`` follows from them.

    ``changed`` is called after ``told`` if the answer changes the destination of speech.
    """

    def __init__(
        self,
        told: Callable[[Address, QueryResult], None],
        changed: Callable[[], None],
        asks: Ask = ask,
        times: RouteTimes | None = None,
    ) -> None:
        self._told, self._changed, self._asks = told, changed, asks
        self.route = Route(times)
        self._tasks = Tasks("chosen gateway")
        self._asking = OneTask(self._tasks, "ask")
        self._hurry = asyncio.Event()

    def choose(self, addresses: tuple[Address, ...], *, falls_back: bool) -> None:
        """Watch this gateway; no addresses stop watching."""
        self.route.choose(falls_back=falls_back)
        self.move(addresses)

    def move(self, addresses: tuple[Address, ...]) -> None:
        """Watch the same gateway at other addresses."""
        self._asking.stop()
        if addresses:
            self._asking.start(partial(self._keep_asking, addresses))

    def hurry(self) -> None:
        """Query the gateway now if its answer is old."""
        if self.route.stale(asyncio.get_running_loop().time()):
            self._hurry.set()

    async def close(self) -> None:
        """Stop the queries. Safe to call twice."""
        self.move(())
        await self._tasks.close()

    async def _keep_asking(self, addresses: tuple[Address, ...]) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            self._hurry.clear()
            address, answer = await best_answer(addresses, self._asks)
            changed = self.route.heard(answer.health, clock())
            self._told(address, answer)
            if changed:
                log.info(LogEvent.GATEWAY_ROUTE_CHANGED, here=self.route.here, health=answer.health.value)
                self._changed()
            await is_set_within(self._hurry, self.route.look_in(clock()))
