"""What is paired, in memory and on disk: changed here first, written by one task after the other."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from app.errors import AppError
from app.gateways.store import GatewayStore, Paired, of_pairing, with_gateway
from app.problem_notes import note_of
from app.view import Note
from client.pairing import NewPairing
from runtime.tasks import Tasks

T = TypeVar("T")


class Keeping:
    """``changed``: there are others now, or they say something else."""

    def __init__(self, store: GatewayStore, changed: Callable[[], None]) -> None:
        self._store, self._changed = store, changed
        self.gateways: tuple[Paired, ...] = ()
        self.problem: Note | None = None
        self._tasks = Tasks("paired gateways")
        self._lock = asyncio.Lock()

    def read(self) -> None:
        """What is there. Blocks for one small file."""
        aside: Path | None = None
        try:
            self.gateways, aside = self._store.read()
            self.problem = Note("gateways-damaged", {"file": str(aside)}) if aside else None
        except AppError as error:
            self.problem = note_of(error)

    def of(self, gateway: str) -> Paired | None:
        """The one with this id."""
        return next((one for one in self.gateways if one.id == gateway), None)

    async def add(self, made: NewPairing) -> Paired:
        """Keep it. Raises ``GatewaysNotKept``; cancelled, it is kept all the same."""
        one = of_pairing(made, self.gateways)
        await self._write(with_gateway(self.gateways, one))
        return one

    async def replace(self, one: Paired) -> None:
        """It says something else now. Raises ``GatewaysNotKept``."""
        if self.of(one.id) is not None:
            await self._write(with_gateway(self.gateways, one))

    async def remove(self, gateway: str) -> None:
        """There is none of this id. Raises ``GatewaysNotKept``."""
        await self._write(tuple(one for one in self.gateways if one.id != gateway))

    async def close(self) -> None:
        """What is being written is written. Safe to call twice."""
        async with self._lock:
            await self._tasks.close()

    async def _write(self, gateways: tuple[Paired, ...]) -> None:
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

    async def _write_now(self, gateways: tuple[Paired, ...], done: "asyncio.Future[Any]") -> None:
        async with self._lock:
            try:
                await asyncio.to_thread(self._store.write, gateways)
                self.problem = None
                done.set_result(None)
            except AppError as error:
                done.set_exception(error)
                done.exception()  # told, even where nobody waits any more
