"""The paired gateways in memory and on disk: changed in memory first, written by one task after another."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from app.core.errors import AppError, Note
from app.core.problem_notes import note_of
from app.gateways.store import GatewayStore, PairedGateway, of_pairing, with_gateway
from client.pairing import NewPairing
from runtime.tasks import Tasks

T = TypeVar("T")


class GatewayRegistry:
    """The paired gateways. ``changed`` is called after each change."""

    def __init__(self, store: GatewayStore, changed: Callable[[], None]) -> None:
        self._store, self._changed = store, changed
        self.gateways: tuple[PairedGateway, ...] = ()
        self.problem: Note | None = None
        self._tasks = Tasks("paired gateways")
        self._lock = asyncio.Lock()

    def read(self) -> None:
        """Read the paired gateways from one small file. Blocks."""
        aside: Path | None = None
        try:
            self.gateways, aside = self._store.read()
            self.problem = Note("gateways-damaged", {"file": str(aside)}) if aside else None
        except AppError as error:
            self.problem = note_of(error)

    def of(self, gateway: str) -> PairedGateway | None:
        """Return the gateway with this id, or ``None``."""
        return next((one for one in self.gateways if one.id == gateway), None)

    async def add(self, made: NewPairing) -> PairedGateway:
        """Store a new pairing. Raises ``GatewaysNotKept``; it is stored even if the caller is cancelled."""
        one = of_pairing(made, self.gateways)
        await self._write(with_gateway(self.gateways, one))
        return one

    async def replace(self, one: PairedGateway) -> None:
        """Replace a gateway with its new version. Raises ``GatewaysNotKept``."""
        if self.of(one.id) is not None:
            await self._write(with_gateway(self.gateways, one))

    async def remove(self, gateway: str) -> None:
        """Remove the gateway with this id. Raises ``GatewaysNotKept``."""
        await self._write(tuple(one for one in self.gateways if one.id != gateway))

    async def close(self) -> None:
        """Wait until pending writes are complete. Safe to call twice."""
        async with self._lock:
            await self._tasks.close()

    async def _write(self, gateways: tuple[PairedGateway, ...]) -> None:
        before, self.gateways = self.gateways, gateways
        self._changed()
        done = asyncio.get_running_loop().create_future()
        self._tasks.start(self._write_now(gateways, done), "write")
        try:
            await asyncio.shield(done)
        except AppError:
            if self.gateways is gateways:
                self.gateways = before
                self._changed()
            raise

    async def _write_now(self, gateways: tuple[PairedGateway, ...], done: "asyncio.Future[Any]") -> None:
        async with self._lock:
            try:
                await asyncio.to_thread(self._store.write, gateways)
                self.problem = None
                done.set_result(None)
            except AppError as error:
                done.set_exception(error)
                done.exception()  # mark the error as retrieved, even without a waiting caller
