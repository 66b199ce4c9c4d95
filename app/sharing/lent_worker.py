"""A gateway that this computer lends a worker to, at its current address.

A worker ends if the gateway shows another certificate than the paired one. The reason may be that another computer
got the address. So the search continues, and the worker starts again where the right certificate is shown.

A worker also ends if the gateway has another version. It tries again later, because that computer may be updated.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from math import inf
from typing import Final

from app.core.child_process import Pause, useless_pause
from app.core.errors import Note
from app.gateways.presentation import elsewhere
from app.gateways.store import PairedGateway
from app.gateways.watcher import OwnAddresses
from app.local_services.local_gateway import WORKERS, Workers, WorkerSeen
from app.local_services.local_worker import Fetch, LocalWorker, LocalWorkerSettings
from app.local_services.worker_view import LocalWorkerState, WorkerView
from client.connection import Address
from client.discovery import DiscoveryEvent, GatewayFound
from client.errors import GatewayError, Unauthorised, Unreachable, WrongCertificate
from client.request import request
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import OneTask, Tasks, loop_time

log = loggers.APP_SHARING_LENT

CHECK_S: Final = 3.0
_PAUSE_S: Final = 1.0
AWAY: Final = Note("lent-away")
_REFUSED: Final = "4"  # exit status of a worker that its gateway refused

_WORKS: Final = (LocalWorkerState.IDLE, LocalWorkerState.BUSY)
_MISSED: Final = (Unreachable, WrongCertificate)  # errors at an address that the gateway has left

AskWorkers = Callable[[Address], Awaitable[tuple[WorkerSeen, ...]]]
Discover = Callable[[], AsyncGenerator[DiscoveryEvent, None]]


async def workers_of(address: Address) -> tuple[WorkerSeen, ...]:
    """Return the workers of a gateway. Raises ``Unreachable`` or ``Refused``."""
    return (await request(address, f"GET {WORKERS}", Workers)).workers


class Lent:
    """A worker lent to one gateway. ``changed`` is called when ``view`` or the addresses of ``paired`` change.

    ``ask`` queries the gateway's workers. ``check_s``: how long an answer about address and workers is valid.
    """

    def __init__(
        self,
        paired: PairedGateway,
        settings: LocalWorkerSettings,
        fetch: Fetch,
        changed: Callable[[], None],
        ask: AskWorkers = workers_of,
    ) -> None:
        self.paired = paired
        self.view = WorkerView()
        self.discover: Discover | None = None
        self.own_addresses: Callable[[], tuple[str, ...]] = OwnAddresses()
        self.check_s = CHECK_S
        self.retry_pause: Pause = useless_pause
        self._settings, self._changed, self._ask = settings, changed, ask
        self._at = paired.addresses[0]
        self._error: GatewayError | None = None
        self._seen: tuple[WorkerSeen, ...] = ()
        self._queried_at = -inf
        self._refusals = 0  # since it last worked
        self._tasks = Tasks("lent")
        self._searching, self._explaining = OneTask(self._tasks, "search"), OneTask(self._tasks, "explain")
        self._worker = LocalWorker(self._worker_changed, self._through(), fetch, self._list_workers)

    async def switch(self, *, on: bool, why: Note | None = None) -> None:
        """Start the worker, or end it after its current work; ``why``: the reason. Safe to call twice."""
        if not on:
            self._stop()
        await self._worker.switch(on=on, why=why)
        if not on:
            self._stop()  # tasks that were started during the switch

    async def use(self, settings: LocalWorkerSettings) -> None:
        """Run the worker with these settings from now on."""
        self._settings = settings
        await self._worker.use(self._through())

    async def close(self) -> None:
        """End the worker and all tasks. Safe to call twice."""
        await self._worker.close()
        await self._tasks.close()  # a worker that ends may still miss its gateway, and search for it

    def _stop(self) -> None:
        self._searching.stop()
        self._explaining.stop()

    def _through(self) -> LocalWorkerSettings:
        return self._settings.for_gateway(self._at, f"kikipounamu-worker-{self.paired.id}")

    # -- address of the gateway ----------------------------------------------------------------------------

    async def _list_workers(self) -> tuple[WorkerSeen, ...]:
        """Query the gateway's workers from time to time; the first address that answers counts."""
        await self._query_if_old()
        self._show(self._with_reason(self._worker.view))
        return self._seen

    async def _query_if_old(self) -> None:
        now = loop_time()
        if now - self._queried_at >= self.check_s:
            self._queried_at = now
            self._seen = await self._query()

    async def _query(self) -> tuple[WorkerSeen, ...]:
        known, errors = self.paired.addresses, list[GatewayError]()
        for address in (self._at, *(one for one in known if one != self._at)):
            try:
                found = await self._ask(address)
            except Unauthorised as error:  # the gateway answers at this address
                self._error = error
                self._searching.stop()
                return ()
            except GatewayError as error:
                errors.append(error)
                continue
            self._error = None
            self._searching.stop()
            self._move(address)
            return found
        self._error = errors[0]  # its other addresses may belong to any computer, even this one
        self._start_search()
        return ()

    def _move(self, address: Address) -> None:
        if address != self._at:
            log.info(LogEvent.GATEWAY_ADDRESS_CHANGED, gateway=self.paired.id, url=address.url)
            self._at, self.paired = address, self.paired.at((address.url,))
            self._changed()
            self._tasks.start(self._worker.use(self._through()), "move")

    def _start_search(self) -> None:
        if self.discover is not None:
            self._searching.keep(partial(self._search, self.discover))

    async def _search(self, discover: Discover) -> None:
        """Search the network for the gateway's certificate, and store the addresses that announce it."""
        async with aclosing(discover()) as events:
            async for event in events:
                if isinstance(event, GatewayFound) and event.certificate_sha256 == self.paired.certificate_sha256:
                    self.paired = self.paired.at(elsewhere(event.urls, self.own_addresses()) or event.urls)
                    self._queried_at = -inf
                    self._changed()

    # -- reports -------------------------------------------------------------------------------------------

    def _worker_changed(self, view: WorkerView) -> None:
        self._show(self._with_reason(view))
        if view.state in _WORKS:
            self._refusals = 0
        if _is_refused(view):
            self._explaining.keep(self._explain)

    async def _explain(self) -> None:
        """Ask the gateway why it refused the worker, and start the worker again once the cause may be gone.

        A gateway that is away is awaited. One of another version may be updated at any time.
        """
        self._refusals += 1
        clock = asyncio.get_running_loop().time
        retry_at = clock() + self.retry_pause(self._refusals)
        await self._query()
        self._show(self._with_reason(self._worker.view))
        while _is_refused(self._worker.view) and not isinstance(self._error, Unauthorised):
            await asyncio.sleep(min(_PAUSE_S, self.check_s))
            was_missed = isinstance(self._error, _MISSED)
            await self._query_if_old()
            if self._error is None and (was_missed or clock() >= retry_at):
                await self._worker.use(self._through())
                await self._worker.switch(on=True)  # the settings may be unchanged: restart anyway
            self._show(self._with_reason(self._worker.view))

    def _with_reason(self, view: WorkerView) -> WorkerView:
        missed = view.state is LocalWorkerState.STARTING and isinstance(self._error, _MISSED)
        return replace(view, reason=self._why()) if missed or _is_refused(view) else view

    def _why(self) -> Note:
        values = {"gateway": self.paired.display_name}
        if isinstance(self._error, Unreachable):
            return AWAY
        if isinstance(self._error, Unauthorised):
            return Note("lent-unknown", values)
        if isinstance(self._error, WrongCertificate):
            return Note("lent-other-certificate", values)
        return Note("lent-other-version", values)

    def _show(self, view: WorkerView) -> None:
        if view != self.view:
            self.view = view
            self._changed()


def _is_refused(view: WorkerView) -> bool:
    reason = view.reason
    return (
        view.state is LocalWorkerState.FAILED
        and reason is not None
        and reason.key == "program-ends"
        and reason.values.get("status") == _REFUSED
    )
