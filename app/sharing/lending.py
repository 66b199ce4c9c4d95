"""Other gateways that this computer's worker is lent to, with one worker process for each.

Their keys are in a separate private file: a key is valid either for speech or for a worker. Use everything here in
one event loop; ``post`` must not wait.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from app.core.errors import AppError, Note
from app.core.problem_notes import note_of
from app.gateways.pairing import Pair, PairingAttempt, leave
from app.gateways.store import GatewayRegistry, GatewayStore
from app.gateways.view import PairGateway
from app.local_services.local_worker import Fetch, LocalWorkerSettings, fetch_nothing
from app.settings.sections import ChangeSetting
from app.sharing.lent_worker import AskWorkers, Discover, Lent, workers_of
from app.sharing.view import EndEnlisting, Enlist, ForgetLent, Lend, LendingAction, LendingView, LentView
from client.discovery import discover
from client.pairing import NewPairing, pair
from protocol.devices import DeviceKind
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.folders import folders
from runtime.tasks import Tasks

log = loggers.APP_SHARING_LENDING

RESTS: Final = Note("lent-rests")
SETTING: Final = "worker.lend_to"


def lent_file() -> Path:
    """Return the path of this user's file of worker keys."""
    return folders().data / "lent.json"


class Lending:
    """The gateways that the worker is lent to. ``name``: this computer's name there.

    ``change`` is called to change a setting.
    """

    def __init__(
        self,
        post: Callable[[LendingView], None],
        name: str,
        fetch: Fetch = fetch_nothing,
        pairs: Pair = pair,
        ask: AskWorkers = workers_of,
    ) -> None:
        self.change: Callable[[ChangeSetting], None] = lambda change: None
        self.discover: Discover | None = discover
        self._post, self._name, self._fetch, self._ask = post, name, fetch, ask
        self._settings = LocalWorkerSettings()
        self._wanted: tuple[str, ...] = ()
        self._rest_reason: Note | None = None
        self._problem: Note | None = None
        self._view = LendingView()
        self._lent: dict[str, Lent] = {}
        self._registry = GatewayRegistry(GatewayStore(lent_file()), self._show)
        self._pairing = PairingAttempt(self._store_pairing, self._show, pairs, DeviceKind.WORKER)
        self._tasks = Tasks("lending")
        self._open = False

    async def __aenter__(self) -> Self:
        self._registry.read()
        self._open = True
        self._switch()
        self._show()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._open = False
        await self._pairing.close()
        await self._tasks.close()
        await asyncio.gather(*(lent.close() for lent in self._lent.values()))
        await self._registry.close()

    # -- requests ------------------------------------------------------------------------------------------

    def choose(self, gateways: tuple[str, ...]) -> None:
        """Lend to these gateways, given by id or name."""
        if gateways != self._wanted:
            self._wanted = gateways
            self._switch()
            self._show()

    def rest(self, why: Note | None) -> None:
        """Pause all lending for this reason; ``None`` resumes it."""
        self._rest_reason = why
        self._switch()

    def use(self, settings: LocalWorkerSettings) -> None:
        """Run workers with these settings from now on."""
        self._settings = settings
        for lent in self._lent.values():
            self._tasks.start(lent.use(settings), "use")

    def ask(self, action: LendingAction) -> None:
        """Start a user action; returns at once."""
        match action:
            case Enlist(urls, code, digest):
                self._pairing.begin(PairGateway(urls, code, self._name, digest))
            case EndEnlisting():
                self._pairing.end()
            case Lend(gateway, on):
                self._lend(gateway, on=on)
            case ForgetLent(gateway):
                self._lend(gateway, on=False)
                self._tasks.start(self._forget(gateway), "forget")

    def _lend(self, gateway: str, *, on: bool) -> None:
        ids = [one.id for one in self._registry.gateways if self._is_wanted(one.id) and one.id != gateway]
        self.change(ChangeSetting(SETTING, "\n".join([*ids, gateway] if on else ids)))

    async def _store_pairing(self, made: NewPairing) -> str:
        """Store a new key and lend to its gateway."""
        self._problem = None
        one = await self._registry.add(made)
        if (before := self._lent.pop(one.id, None)) is not None:  # it uses the old key
            await before.close()
        self._lend(one.id, on=True)
        self._switch()
        return one.id

    async def _forget(self, gateway: str) -> None:
        one = self._registry.of(gateway)
        try:
            await self._registry.remove(gateway)
        except AppError as error:
            self._problem = note_of(error)
            self._show()
            return
        self._problem, lent = None, self._lent.pop(gateway, None)
        self._show()
        if lent is not None:
            await lent.switch(on=False)
            await lent.close()
        if one is not None and not await leave(one):  # last: the worker ends its work with this key
            self._problem = Note("gateway-still-listed", {"gateway": one.display_name})
            self._show()

    # -- workers -------------------------------------------------------------------------------------------

    def _is_wanted(self, gateway: str) -> bool:
        one = self._registry.of(gateway)
        return one is not None and (one.id in self._wanted or one.display_name in self._wanted)

    def _switch(self) -> None:
        """Start or stop each worker as wanted. A gateway that was never wanted has no worker."""
        if not self._open:
            return
        for one in self._registry.gateways:
            wanted = self._is_wanted(one.id)
            if wanted and one.id not in self._lent:
                lent = Lent(one, self._settings, self._fetch, self._update_addresses, self._ask)
                lent.discover = self.discover
                self._lent[one.id] = lent
            if found := self._lent.get(one.id):
                why = RESTS if wanted and self._rest_reason else None
                self._tasks.start(found.switch(on=wanted and why is None, why=why), "switch")

    def _update_addresses(self) -> None:
        for lent in self._lent.values():
            known = self._registry.of(lent.paired.id)
            if known is not None and known.urls != lent.paired.urls:
                self._tasks.start(self._store_addresses(lent), "store addresses")
        self._show()

    async def _store_addresses(self, lent: Lent) -> None:
        try:
            await self._registry.update(lent.paired.id, lambda one: one.at(lent.paired.urls))
        except AppError as error:
            log.warning(LogEvent.GATEWAY_ADDRESS_NOT_KEPT, reason=str(error))

    # -- display -------------------------------------------------------------------------------------------

    def _show(self) -> None:
        pairing = self._pairing.view
        if pairing.note is not None and pairing.note.key == "pair-other-kind":
            pairing = replace(pairing, note=Note("lent-other-kind"))
        lent = tuple(self._lent_view(one.id) for one in self._registry.gateways)
        view = LendingView(lent, pairing, self._problem or self._registry.problem)
        if view != self._view:
            self._view = view
            self._post(view)

    def _lent_view(self, gateway: str) -> LentView:
        one, lent = self._registry.of(gateway), self._lent.get(gateway)
        name = one.display_name if one else gateway
        made = LentView(gateway, name, self._is_wanted(gateway))
        return replace(made, worker=lent.view) if lent else made
