"""Query the chosen gateway repeatedly, and detect connections that should be replaced.

``Route`` decides what follows from the answers. The gateway is queried at once when the user wants to speak, so
its loss is noticed within seconds.

A connection is outdated if the gateway has another address, or if another gateway is used instead. The same holds
after this computer has slept or lost an address. Without this, a connection to a dead address stays silent until a
ping notices after half a minute.
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

Query = Callable[[Address], Awaitable[QueryResult]]
ANSWERING: Final = frozenset({GatewayHealth.WELL, GatewayHealth.NO_WORKER})
_BEST: Final = (
    GatewayHealth.WELL,
    GatewayHealth.NO_WORKER,
    GatewayHealth.REFUSED,
    GatewayHealth.AWAY,
    GatewayHealth.ASKING,
)


async def best_answer(addresses: Sequence[Address], query: Query = ask) -> tuple[Address, QueryResult]:
    """Query a gateway at its possible addresses; return the first address if it answers, else the best one."""
    first = await query(addresses[0])
    if first.health in ANSWERING or len(addresses) == 1:
        return addresses[0], first
    others = await asyncio.gather(*map(query, addresses[1:]))
    answers = list(zip(addresses, (first, *others), strict=True))
    return min(answers, key=lambda one: _BEST.index(one[1].health))


class GatewayWatcher:
    """A repeated query of the chosen gateway. ``on_answer`` gets each answer, and ``route`` follows from them.

    ``changed`` is called after ``on_answer`` if the answer changes the destination of speech.
    """

    def __init__(
        self,
        on_answer: Callable[[Address, QueryResult], None],
        changed: Callable[[], None],
        query: Query = ask,
        times: RouteTimes | None = None,
    ) -> None:
        self._on_answer, self._changed, self._query = on_answer, changed, query
        self.route = Route(times)
        self._tasks = Tasks("chosen gateway")
        self._asking = OneTask(self._tasks, "ask")
        self._refresh = asyncio.Event()

    def choose(self, addresses: tuple[Address, ...], *, falls_back: bool) -> None:
        """Watch this gateway; no addresses stop watching."""
        self.route.choose(falls_back=falls_back)
        self.move(addresses)

    def move(self, addresses: tuple[Address, ...]) -> None:
        """Watch the same gateway at other addresses."""
        self._asking.stop()
        if addresses:
            self._asking.keep(partial(self._keep_asking, addresses))

    def refresh(self) -> None:
        """Query the gateway now if its answer is old."""
        if self.route.stale(asyncio.get_running_loop().time()):
            self._refresh.set()

    async def close(self) -> None:
        """Stop the queries. Safe to call twice."""
        self.move(())
        await self._tasks.close()

    async def _keep_asking(self, addresses: tuple[Address, ...]) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            self._refresh.clear()
            address, answer = await best_answer(addresses, self._query)
            changed = self.route.answered(answer.health, clock())
            self._on_answer(address, answer)
            if changed:
                log.info(LogEvent.GATEWAY_ROUTE_CHANGED, here=self.route.here, health=answer.health.value)
                self._changed()
            await is_set_within(self._refresh, self.route.next_check_s(clock()))


CHECK_S: Final = 2.0


class ReconnectionDetector:
    """A detector of outdated connections.

    ``is_there``: returns whether the gateway is still at an address; ``None`` if unknown.
    ``own_addresses``: returns those of this computer. ``changed`` is called when ``in_use`` changes.
    """

    def __init__(
        self,
        is_there: Callable[[Address], bool | None],
        own_addresses: Callable[[], tuple[str, ...]],
        changed: Callable[[], None],
        check_s: float = CHECK_S,
    ) -> None:
        self._is_there, self._own_addresses = is_there, own_addresses
        self._changed, self._check_s = changed, check_s
        self._checked = asyncio.Event()
        self._sleeps = 0
        self._users = 0

    @property
    def in_use(self) -> bool:
        """True if a connection has lasted longer than a moment."""
        return self._users > 0

    def check(self) -> None:
        """Check all connections now: something may have changed."""
        before, self._checked = self._checked, asyncio.Event()
        before.set()

    def handle_wake(self) -> None:
        """Treat all connections as outdated: this computer has slept."""
        self._sleeps += 1
        self.check()

    async def until_moved(self, address: Address) -> None:
        """Wait until a connection to ``address`` should be replaced; unknown gateways keep theirs."""
        before, sleeps, counted = set(self._own_addresses()), self._sleeps, False
        try:
            while (there := self._is_there(address)) is None or self._stays(before, sleeps, there):
                if await self._quiet() and not counted and there is not None:
                    counted = True
                    self._use(1)
        finally:
            if counted:
                self._use(-1)

    def _stays(self, before: set[str], sleeps: int, there: bool) -> bool:
        return there and sleeps == self._sleeps and before <= set(self._own_addresses())

    async def _quiet(self) -> bool:
        """Wait for news, at most until the next check; return True if there was none."""
        return not await is_set_within(self._checked, self._check_s)

    def _use(self, more: int) -> None:
        before, self._users = self._users, self._users + more
        if bool(before) is not bool(self._users):
            self._changed()
