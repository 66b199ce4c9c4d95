"""Tests that this computer's gateway and worker run as long as speech is recognised here."""

import asyncio
import errno
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from app.core.errors import AppError, Note, StackFailed
from app.local_services.supervisor import OwnGateway
from app.local_services.worker_limits import BATTERY
from app.local_services.worker_view import NOT_NEEDED
from runtime.tasks import Tasks
from tests.helpers.waiting import wait_until


@dataclass
class World:
    """Fakes of a gateway, a worker and takes.

    ``log``: the events of gateway and worker, in order.
    """

    log: list[str] = field(default_factory=list)
    worker: tuple[bool, Note | None] = (False, None)
    told: list[AppError | None] = field(default_factory=list)
    takes_over: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0
    waited: int = 0
    fails: Exception | None = None

    @asynccontextmanager
    async def stack(self) -> AsyncIterator["World"]:
        if self.fails:
            raise self.fails
        self.log.append("gateway")
        try:
            yield self
        finally:
            self.log.append("no gateway")

    async def unless_broken(self, work: Coroutine[Any, Any, None]) -> None:
        await work

    async def switch(self, *, on: bool, why: Note | None = None) -> None:
        if on is not self.worker[0]:
            self.log.append("worker" if on else "no worker")
        self.worker = on, why

    async def finished(self) -> None:
        self.waiting += 1
        await self.takes_over.wait()
        self.waited += 1


@asynccontextmanager
async def keeping(
    world: World, *, here: bool, worker: bool = True, finish_s: float = 60.0
) -> AsyncIterator[OwnGateway]:
    own = OwnGateway(cast(Any, world.stack), cast(Any, world), world.finished, world.told.append, finish_s)
    own.choose(here=here, worker=True)
    async with Tasks("test") as tasks:
        tasks.start(own.keep(), "keep")
        yield own


async def test_gateway_and_worker_run_here_and_worker_can_be_switched() -> None:
    world = World()
    async with keeping(world, here=True) as own:
        await wait_until(lambda: sorted(world.log) == ["gateway", "worker"], "both run")
        own.choose(here=True, worker=False)
        await wait_until(lambda: world.worker == (False, None), "the worker is off, as it was asked")
        assert "no gateway" not in world.log
    assert world.log[-1] == "no gateway"


async def test_gateway_and_worker_stop_with_reason_for_remote_gateway() -> None:
    world = World()
    async with keeping(world, here=False) as own:
        await wait_until(lambda: world.worker == (False, NOT_NEEDED), "it is told why the worker is off")
        own.choose(here=False, worker=False)
        await wait_until(lambda: world.worker == (False, None), "it is off anyway")
        assert world.log == []
        own.choose(here=True, worker=True)
        await wait_until(lambda: sorted(world.log) == ["gateway", "worker"], "both run")


async def test_takes_begun_here_are_finished_before_gateway_stops() -> None:
    world = World()
    async with keeping(world, here=True) as own:
        await wait_until(lambda: len(world.log) == 2, "both run")
        own.choose(here=False, worker=True)
        await wait_until(lambda: world.waiting == 1, "takes are waited for")
        assert len(world.log) == 2 and world.worker[0]
        world.takes_over.set()
        await wait_until(lambda: world.log[2:] == ["no worker", "no gateway"], "the worker leaves first")
        assert world.worker == (False, NOT_NEEDED)


async def test_gateway_keeps_running_when_chosen_again_meanwhile() -> None:
    world = World()
    async with keeping(world, here=True) as own:
        await wait_until(lambda: len(world.log) == 2, "both run")
        own.choose(here=False, worker=True)
        await wait_until(lambda: world.waiting == 1, "takes are waited for")
        own.choose(here=True, worker=True)
        world.takes_over.set()
        await wait_until(lambda: world.waited == 1, "they are over")
        own.choose(here=False, worker=True)
        await wait_until(lambda: world.log[-1] == "no gateway", "it is unneeded once more")
        assert (world.log.count("gateway"), world.waited) == (1, 2)


async def test_gateway_stops_at_deadline_for_unfinished_takes() -> None:
    world = World()
    async with keeping(world, here=True, finish_s=0.01) as own:
        await wait_until(lambda: len(world.log) == 2, "both run")
        own.choose(here=False, worker=True)
        await wait_until(lambda: world.log[-1] == "no gateway", "what is left goes on elsewhere")


@pytest.mark.parametrize("why", [StackFailed("no"), OSError(errno.EMFILE, "too many open files")])
async def test_error_that_prevents_gateway_is_reported(why: Exception) -> None:
    world = World(fails=why)
    async with keeping(world, here=True):
        await wait_until(lambda: world.told, "it is reported")
        assert isinstance(world.told[0], StackFailed)


@pytest.mark.parametrize("here", [True, False])
async def test_no_error_is_reported_when_all_is_well(here: bool) -> None:
    world = World()
    async with keeping(world, here=here):
        await wait_until(lambda: world.told == [None], "all is well")


async def test_worker_rests_and_resumes_automatically() -> None:
    world = World()
    async with keeping(world, here=True) as own:
        await wait_until(lambda: len(world.log) == 2, "both run")
        own.rest(BATTERY)
        await wait_until(lambda: world.worker == (False, BATTERY), "the reason for the rest is reported")
        assert "no gateway" not in world.log, "takes wait there"
        own.choose(here=True, worker=False)
        await wait_until(lambda: world.worker == (False, None), "it is off, whatever else there is")
        own.choose(here=True, worker=True)
        await wait_until(lambda: world.worker == (False, BATTERY), "it still rests")
        own.rest(None)
        await wait_until(lambda: world.worker == (True, None), "it works again")
        own.rest(BATTERY)
        own.choose(here=False, worker=True)
        world.takes_over.set()
        await wait_until(lambda: world.worker == (False, NOT_NEEDED), "it would be of no use")


async def test_worker_that_must_rest_from_the_start_never_starts() -> None:
    world = World()
    own = OwnGateway(cast(Any, world.stack), cast(Any, world), world.finished, world.told.append)
    own.choose(here=True, worker=True)
    own.rest(BATTERY)
    async with Tasks("test") as tasks:
        tasks.start(own.keep(), "keep")
        await wait_until(lambda: world.worker == (False, BATTERY) and world.log, "the gateway runs")
        assert world.log == ["gateway"]


async def test_gateway_is_replaced_while_worker_keeps_running() -> None:
    world = World()
    async with keeping(world, here=True) as own:
        await wait_until(lambda: len(world.log) == 2, "both run")
        own.restart()
        await wait_until(lambda: world.log.count("gateway") == 2, "the next one runs")
        assert world.log[2:] == ["no gateway", "gateway"]
        own.choose(here=False, worker=True)
        await wait_until(lambda: world.waiting == 1, "takes are waited for")
        world.takes_over.set()
        await wait_until(lambda: world.log[-2:] == ["no worker", "no gateway"], "it ends as any other")
