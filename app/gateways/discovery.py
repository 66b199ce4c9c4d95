"""Discover gateways on the local network while a part of the app needs them."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing

from client.discovery import DiscoveryEvent, GatewayFound, GatewayGone, discover
from runtime.tasks import Tasks

Discover = Callable[[], AsyncGenerator[DiscoveryEvent, None]]


class GatewaySearch:
    """A search for gateways. ``found`` gets each one found; ``changed`` is called when ``known`` changes."""

    def __init__(
        self, found: Callable[[GatewayFound], None], changed: Callable[[], None], discover: Discover = discover
    ) -> None:
        self._told, self._changed, self._discover = found, changed, discover
        self._known: dict[str, GatewayFound] = {}
        self._tasks = Tasks("finding")
        self._looking: asyncio.Task[None] | None = None

    @property
    def known(self) -> Iterable[GatewayFound]:
        """The gateways announced on the network now."""
        return tuple(self._known.values())

    def look(self, on: bool) -> None:
        """Start or stop the search. Safe to call twice."""
        if on and self._looking is None:
            self._looking = self._tasks.start(self._look(), "look")
        elif not on and self._looking is not None:
            self._looking.cancel()
            self._looking = None
            self._known = {}

    async def close(self) -> None:
        """Stop the search. Safe to call twice."""
        self.look(False)
        await self._tasks.close()

    async def _look(self) -> None:
        async with aclosing(self._discover()) as events:
            async for event in events:
                match event:
                    case GatewayFound():
                        self._known[event.service] = event
                        self._told(event)
                    case GatewayGone(service):
                        self._known.pop(service, None)
                self._changed()
