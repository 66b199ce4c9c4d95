"""Find gateways on the local network, ask for their health, and watch the one that is chosen.

``Route`` decides what follows from the answers of the chosen gateway. It is queried at once when the user wants
to speak, so its loss is noticed within seconds.

A connection is outdated if the gateway has another address, or if another gateway is used instead. The same holds
after this computer has slept or lost an address. Without this, a connection to a dead address stays silent until a
ping notices after half a minute.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing, suppress
from functools import partial
from typing import Final, TypeVar

import psutil

from app.core.problem_notes import note_of
from app.gateways.route import Route, RouteTimes
from app.gateways.view import GatewayHealth, QueryResult
from app.local_services.local_gateway import MEANT, READY, WORKERS, GatewayReadiness, Workers
from client.connection import Address
from client.discovery import DiscoveryEvent, GatewayFound, GatewayGone, discover, own_addresses
from client.errors import GatewayError, Unreachable
from client.request import requests
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import OneTask, Tasks, is_set_within, loop_time

ANSWER_S: Final = 3.0
_MOST_WORKERS: Final = 3

_Ready = TypeVar("_Ready")
_Answer = TypeVar("_Answer")


async def ask(address: Address, deadline_s: float = ANSWER_S) -> QueryResult:
    """Query a gateway once, with the key and certificate of ``address``. Errors become a note."""
    try:
        ready, found, latency_ms = await query_both(address, deadline_s, GatewayReadiness, WORKERS, Workers)
    except Unreachable as error:
        return QueryResult(GatewayHealth.AWAY, note=note_of(error))
    except GatewayError as error:
        return QueryResult(GatewayHealth.REFUSED, note=note_of(error))
    if ready.draining:
        return QueryResult(GatewayHealth.AWAY, latency_ms, note=note_of(Unreachable("it is going away")))
    workers = [f"{one.device} · {one.model or one.engine}" for one in found.workers]
    health = GatewayHealth.WELL if ready.ready else GatewayHealth.NO_WORKER
    return QueryResult(health, latency_ms, tuple(workers[:_MOST_WORKERS]))


async def query_both(
    address: Address, deadline_s: float, readiness: type[_Ready], path: str, kind: type[_Answer]
) -> tuple[_Ready, _Answer, float]:
    """Return the answers to ``/readyz`` and to ``path``, and the duration of the second request in ms.

    The second request uses the connection of the first. Raises ``GatewayError``.
    """
    async with requests(address, deadline_s) as http:
        ready = await http.ask(f"GET {READY}", readiness, expected=MEANT)
        begun = time.perf_counter()
        found = await http.ask(f"GET {path}", kind)
        return ready, found, (time.perf_counter() - begun) * 1000


Discover = Callable[[], AsyncGenerator[DiscoveryEvent, None]]


class GatewaySearch:
    """A search for gateways. ``found`` gets each one found; ``changed`` is called when ``known`` changes."""

    def __init__(
        self, found: Callable[[GatewayFound], None], changed: Callable[[], None], discover: Discover = discover
    ) -> None:
        self._found, self._changed, self._discover = found, changed, discover
        self._known: dict[str, GatewayFound] = {}
        self._tasks = Tasks("finding")
        self._searching = OneTask(self._tasks, "search")

    @property
    def known(self) -> Iterable[GatewayFound]:
        """The gateways announced on the network now."""
        return tuple(self._known.values())

    def switch(self, *, on: bool) -> None:
        """Start or stop the search. Safe to call twice."""
        if on:
            self._searching.keep(self._search)
        else:
            self._searching.stop()
            self._known = {}

    async def close(self) -> None:
        """Stop the search. Safe to call twice."""
        self.switch(on=False)
        await self._tasks.close()

    async def _search(self) -> None:
        async with aclosing(self._discover()) as events:
            async for event in events:
                match event:
                    case GatewayFound():
                        self._known[event.service] = event
                        self._found(event)
                    case GatewayGone(service):
                        self._known.pop(service, None)
                self._changed()


class OwnAddresses:
    """The addresses of this computer: the last known ones while the system cannot report them."""

    def __init__(self, ask: Callable[[], tuple[str, ...]] = own_addresses) -> None:
        self._ask = ask
        self._known: tuple[str, ...] = ()

    def __call__(self) -> tuple[str, ...]:
        """Return the addresses, or the last known ones."""
        with suppress(OSError, psutil.Error):
            self._known = self._ask()
        return self._known


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


async def best_answer(addresses: Sequence[Address], query: Query) -> tuple[Address, QueryResult]:
    """Query a gateway at its possible addresses; return the first address if it answers, else the best one."""
    first = await query(addresses[0])
    if first.health in ANSWERING or len(addresses) == 1:
        return addresses[0], first
    others = await asyncio.gather(*map(query, addresses[1:]))
    answers = list(zip(addresses, (first, *others), strict=True))
    return min(answers, key=lambda one: _BEST.index(one[1].health))


class GatewayWatcher:
    """A repeated query of the chosen gateway. ``on_answer`` gets each answer; the answers decide ``route``.

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
        if self.route.stale(loop_time()):
            self._refresh.set()

    async def close(self) -> None:
        """Stop the queries. Safe to call twice."""
        self.move(())
        await self._tasks.close()

    async def _keep_asking(self, addresses: tuple[Address, ...]) -> None:
        while True:
            self._refresh.clear()
            address, answer = await best_answer(addresses, self._query)
            changed = self.route.answered(answer.health, loop_time())
            self._on_answer(address, answer)
            if changed:
                log.info(LogEvent.GATEWAY_ROUTE_CHANGED, here=self.route.here, health=answer.health.value)
                self._changed()
            await is_set_within(self._refresh, self.route.next_check_s(loop_time()))


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
                if not await is_set_within(self._checked, self._check_s) and not counted and there is not None:
                    counted = True
                    self._count_users(1)
        finally:
            if counted:
                self._count_users(-1)

    def _stays(self, before: set[str], sleeps: int, there: bool) -> bool:
        return there and sleeps == self._sleeps and before <= set(self._own_addresses())

    def _count_users(self, more: int) -> None:
        before, self._users = self._users, self._users + more
        if bool(before) is not bool(self._users):
            self._changed()
