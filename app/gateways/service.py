"""The gateways of this app: destination of speech, available gateways, and user actions.

    gateways = Gateways(post, unchoose, moved, key)
    async with gateways:
        gateways.choose(settings.gateway)
        gateways.locate()           # a ``client.connection.Locate``

While the chosen gateway is away, this computer substitutes for it. Use everything here in one event loop.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Self

import msgspec

from app.core.errors import AppError, Note
from app.core.problem_notes import note_of
from app.gateways import watcher
from app.gateways.pairing import Pair, PairingAttempt, leave
from app.gateways.presentation import elsewhere, gateway_views, unpaired_views
from app.gateways.route import RouteTimes
from app.gateways.store import GatewayRegistry, GatewayStore, PairedGateway, gateways_file
from app.gateways.view import (
    EndPairing,
    ForgetGateway,
    GatewayAction,
    GatewayHealth,
    GatewaysView,
    PairGateway,
    QueryResult,
    RenameGateway,
    WatchGateways,
)
from app.gateways.watcher import (
    ANSWERING,
    Discover,
    GatewaySearch,
    GatewayWatcher,
    OwnAddresses,
    Query,
    ReconnectionDetector,
    ask,
    best_answer,
)
from app.local_services import local_gateway
from app.settings.sections import GatewaySection
from client.backoff import backoff
from client.connection import Address, Locate
from client.discovery import GatewayFound, discover, own_addresses
from client.pairing import NewPairing, pair
from protocol.devices import clean_name
from runtime.tasks import OneTask, Tasks

CHECK_S: Final = 5.0
_OWN_ASKED_S: Final = 2.0
"""Longest pause that this computer's own server can ask for: its load changes as fast as its few speakers do."""


@dataclass(frozen=True)
class GatewayParts:
    """The dependencies of ``Gateways``; tests replace them. ``here``: locates this computer's gateway."""

    store: GatewayStore = field(default_factory=lambda: GatewayStore(gateways_file()))
    here: Locate = local_gateway.locate
    query: Query = ask
    discover: Discover = discover
    pair: Pair = pair
    times: RouteTimes = RouteTimes()
    own_addresses: Callable[[], tuple[str, ...]] = own_addresses
    check_s: float = CHECK_S
    quiet_s: float = watcher.CHECK_S
    own_certificate: Callable[[], str] = local_gateway.own_certificate


class Gateways:
    """The gateways of this app. ``post`` gets each new view. ``unchoose`` chooses this computer instead.

    ``moved`` is called when the destination of speech changes. ``key``: for a gateway named by URL in the
    settings.
    """

    def __init__(
        self,
        post: Callable[[GatewaysView], None],
        unchoose: Callable[[], None],
        moved: Callable[[], None],
        key: str = "",
        parts: GatewayParts | None = None,
    ) -> None:
        self._post, self._unchoose, self._moved, self._key = post, unchoose, moved, key
        self._parts = parts = parts or GatewayParts()
        self._chosen = GatewaySection()
        self._registry = GatewayRegistry(parts.store, self._show)
        self._watcher = GatewayWatcher(self._handle_answer, self._report_route, parts.query, parts.times)
        self._network = GatewaySearch(self._store_addresses, self._show, parts.discover)
        self._pairing = PairingAttempt(self._store_pairing, self._show, parts.pair)
        self._own = OwnAddresses(parts.own_addresses)
        self._reconnection = ReconnectionDetector(self._is_there, self._own, self._search, parts.quiet_s)
        self._answers: dict[str, QueryResult] = {}
        self._at: Address | None = None
        self._result: Note | None = None
        self._watchers: set[str] = set()
        self._tasks = Tasks("gateways")
        self._checking = OneTask(self._tasks, "check")
        self._view: GatewaysView | None = None
        self._open = False

    async def __aenter__(self) -> Self:
        self._registry.read()
        self._open = True
        self._show()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._open = False
        self._set_watchers(set())
        for part in (self._pairing, self._watcher, self._network, self._tasks, self._registry):
            await part.close()

    # -- destination of speech -----------------------------------------------------------------------------

    @property
    def here(self) -> bool:
        """True if speech is recognised on this computer now."""
        return not self._candidates or self._watcher.route.here

    @property
    def destination(self) -> str:
        """The display name of the destination of speech; empty: this computer."""
        return "" if self.here else self._candidates[0].name

    @property
    def instead_of(self) -> str:
        """The name of the chosen gateway while this computer substitutes for it; otherwise empty."""
        return self._candidates[0].name if self._candidates and self._watcher.route.here else ""

    @property
    def problem(self) -> Note | None:
        """A note about the destination of speech that the user should see."""
        if self._chosen.chosen and self._registry.of(self._chosen.chosen) is None:
            return Note("gateway-unknown")
        if not self.instead_of:
            return None
        refused = self._answers.get(self._chosen.chosen, QueryResult()).health is GatewayHealth.REFUSED
        named = {"gateway": self.instead_of}
        return Note("gateway-refused-instead", named) if refused else Note("gateway-instead", named)

    def falls_back(self) -> bool:
        """Return whether this computer substitutes, now or later, for a gateway that refuses it."""
        return bool(self._candidates) and self._chosen.fall_back

    def locate(self) -> Address:
        """Return the current destination of speech. Raises ``Unreachable``."""
        if self.here or self._at is None:
            return self._parts.here()
        self._watcher.refresh()
        return self._at

    async def until_moved(self, address: Address) -> None:
        """Wait until the connection should be replaced, for ``ClientSettings.until_moved``.

        Pending speech moves along.
        """
        await self._reconnection.until_moved(address)

    def retry(self, failures: int, chance: float, asked_s: float) -> float:
        """Return a pause for ``ClientSettings.retry``; this computer's own server is asked again soon."""
        return backoff(failures, chance, min(asked_s, _OWN_ASKED_S) if self.here else asked_s)

    def choose(self, chosen: GatewaySection) -> None:
        """Apply the settings. A newly chosen gateway is queried at once."""
        before, self._chosen = self._chosen, chosen
        if _destination(chosen) != _destination(before):
            self._follow()

    def handle_wake(self) -> None:
        """Reconnect and query again: this computer has slept."""
        self._reconnection.handle_wake()
        self._watcher.move(self._candidates)

    # -- user actions --------------------------------------------------------------------------------------

    def ask(self, action: GatewayAction) -> None:
        """Start a user action; returns at once."""
        if not self._open:
            return
        match action:
            case WatchGateways(on, who):
                self._set_watchers(self._watchers | {who} if on else self._watchers - {who})
            case PairGateway():
                self._pairing.begin(action)
            case EndPairing():
                self._pairing.end()
            case RenameGateway(gateway, name):
                self._tasks.start(self._rename(gateway, name), "rename")
            case ForgetGateway(gateway):
                self._tasks.start(self._forget(gateway), "forget")

    async def _rename(self, gateway: str, name: str) -> None:
        try:
            await self._registry.update(gateway, lambda one: msgspec.structs.replace(one, name=clean_name(name)))
        except AppError as error:
            return self._show_result(note_of(error))
        if self._chosen.chosen == gateway and (candidates := self._candidates):  # not forgotten meanwhile
            self._watcher.move(candidates)
            self._at = candidates[0]
            self._moved()

    async def _forget(self, gateway: str) -> None:
        one = self._registry.of(gateway)
        if one is None:
            return
        if self._chosen.chosen == gateway:
            self._unchoose()
        try:
            await self._registry.remove(gateway)
        except AppError as error:
            return self._show_result(note_of(error))
        named = {"gateway": one.display_name}
        gone = await leave(one)
        self._show_result(Note("gateway-forgotten", named) if gone else Note("gateway-still-listed", named))

    async def _store_pairing(self, made: NewPairing) -> str:
        self._result = None
        one = await self._registry.add(made)
        if self._chosen.chosen == one.id:  # paired again: the key changed
            self._follow()
        return one.id

    def _show_result(self, note: Note) -> None:
        self._result = note
        self._show()

    # -- state of the gateways -----------------------------------------------------------------------------

    @property
    def _candidates(self) -> tuple[Address, ...]:
        """The possible addresses of the chosen gateway; empty if this computer is chosen."""
        if one := self._registry.of(self._chosen.chosen):
            return one.addresses
        url = "" if self._chosen.chosen else self._chosen.url
        return (Address(url, self._key, name=url),) if url else ()

    def _is_there(self, address: Address) -> bool | None:
        """Return whether the chosen gateway is used at this address; ``None`` if it belongs to another one."""
        candidates = self._candidates
        if not candidates or address.certificate_sha256 != candidates[0].certificate_sha256:
            return None
        if not address.certificate_sha256 and address.url != candidates[0].url:
            return None
        return not self.here and self._at is not None and address.url == self._at.url

    def _follow(self) -> None:
        """Switch to the newly chosen gateway, or to its new key."""
        candidates = self._candidates
        self._at = candidates[0] if candidates else None
        self._answers.pop(self._chosen.chosen, None)
        self._watcher.choose(candidates, falls_back=self._chosen.fall_back)
        self._search()
        self._report_route()

    def _handle_answer(self, address: Address, answer: QueryResult) -> None:
        """Handle an answer of the chosen gateway."""
        self._answers[self._chosen.chosen] = answer
        if answer.health in ANSWERING and address != self._at:
            self._at = address
            self._tasks.start(self._move(self._chosen.chosen, (address.url,)), "remember")
        self._search()
        self._show()

    def _store_addresses(self, found: GatewayFound) -> None:
        """Store the new addresses of a paired gateway; its certificate will be verified there."""
        one = next(
            (one for one in self._registry.gateways if one.certificate_sha256 == found.certificate_sha256), None
        )
        if one is None:
            return
        urls = elsewhere(found.urls, self._own()) or found.urls
        if not set(urls) <= set(one.urls):
            self._tasks.start(self._move(one.id, urls), "move")

    async def _move(self, gateway: str, urls: tuple[str, ...]) -> None:
        with suppress(AppError):  # the next search finds it again
            await self._registry.update(gateway, lambda one: one.at(urls))
        if self._chosen.chosen == gateway:
            self._watcher.move(self._candidates)

    def _search(self) -> None:
        """Search the network while the gateways are watched, or while the chosen one is in use or lost."""
        answer, paired = (
            self._answers.get(self._chosen.chosen, QueryResult()),
            self._registry.of(self._chosen.chosen),
        )
        lost = answer.note is not None and answer.health not in ANSWERING
        wanted = paired is not None and (lost or self._reconnection.in_use)
        self._network.switch(on=self._open and (wanted or bool(self._watchers)))

    def _report_route(self) -> None:
        self._show()
        self._moved()

    def _set_watchers(self, watchers: set[str]) -> None:
        before, self._watchers = self._watchers, watchers
        if bool(watchers) is not bool(before):
            if watchers:
                self._checking.keep(self._keep_checking)
            else:
                self._checking.stop()
                self._result = None
        self._search()

    async def _keep_checking(self) -> None:
        while True:
            self._watcher.refresh()
            others = [one for one in self._registry.gateways if one.id != self._chosen.chosen]
            await asyncio.gather(*map(self._ask_paired, others))
            self._show()
            await asyncio.sleep(self._parts.check_s)

    async def _ask_paired(self, one: PairedGateway) -> None:
        _, answer = await best_answer(one.addresses, self._parts.query)
        if one.id != self._chosen.chosen:
            self._answers[one.id] = answer
            self._show()

    # -- display -------------------------------------------------------------------------------------------

    def _show(self) -> None:
        self._reconnection.check()
        own = self._own(), self._parts.own_certificate()
        view = GatewaysView(
            tuple(gateway_views(self._registry.gateways, self._chosen, self._answers)),
            tuple(unpaired_views(self._network.known, self._registry.gateways, *own)),
            self.here,
            self.instead_of,
            clean_name(socket.gethostname()),
            self._pairing.view,
            self._registry.problem,
            self._result,
        )
        if view != self._view:
            self._view = view
            self._post(view)


def _destination(chosen: GatewaySection) -> tuple[str, str, bool]:
    """Return the part of the section that affects the destination of speech."""
    return chosen.url, chosen.chosen, chosen.fall_back
