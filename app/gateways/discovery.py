"""Discover gateways on the local network while a part of the app needs them."""

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing, suppress

import psutil

from client.discovery import DiscoveryEvent, GatewayFound, GatewayGone, discover, own_addresses
from runtime.tasks import OneTask, Tasks

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
    """The addresses of this computer: the last known ones while the system has no room to tell them."""

    def __init__(self, ask: Callable[[], tuple[str, ...]] = own_addresses) -> None:
        self._ask = ask
        self._known: tuple[str, ...] = ()

    def __call__(self) -> tuple[str, ...]:
        """Return the addresses, as known now."""
        with suppress(OSError, psutil.Error):
            self._known = self._ask()
        return self._known
