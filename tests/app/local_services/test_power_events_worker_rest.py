"""Tests that the worker rests and works as limits require, with as few checks as possible."""

import asyncio
from datetime import datetime
from functools import partial

from app.core.errors import Note
from app.local_services.power_events import WorkerRest, observe
from app.local_services.worker_limits import BATTERY, FULL_SCREEN, ComputerState, WorkerLimits
from app.system.full_screen import FullScreen
from runtime.tasks import Tasks
from tests.helpers.waiting import wait_until

CAREFUL = WorkerLimits(on_battery=False, beside_full_screen=False)


class World:
    """Fake surroundings; ``looks`` counts the checks."""

    def __init__(self) -> None:
        self.seen = ComputerState(True, False)
        self.looks = 0
        self.told: list[Note | None] = []
        self.rest = WorkerRest(self.told.append, self.see, check_s=0.01)

    async def see(self, limits: WorkerLimits) -> ComputerState:
        self.looks += 1
        return self.seen


async def test_worker_rests_and_resumes_as_limits_require() -> None:
    world = World()
    async with Tasks("test") as tasks:
        tasks.start(world.rest.watch(), "watch")
        await wait_until(lambda: world.looks == 1, "it looks once")
        assert world.told == []
        world.rest.allow(CAREFUL)
        await wait_until(lambda: world.told == [BATTERY], "it is to rest")
        world.seen = ComputerState(False, True)
        await wait_until(lambda: world.told == [BATTERY, FULL_SCREEN], "for another reason")
        world.rest.allow(WorkerLimits())
        await wait_until(lambda: world.told == [BATTERY, FULL_SCREEN, None], "it may work")
        looks = world.looks
        world.rest.allow(WorkerLimits())
        await asyncio.sleep(0.05)
        assert world.looks == looks, "without limits there is nothing to look for"
        world.rest.allow(CAREFUL)
        await wait_until(lambda: world.told[3:] == [FULL_SCREEN], "it is to rest")


async def test_seeing_checks_only_what_limits_need() -> None:
    screen = FullScreen(None)
    seeing = partial(observe, screen, lambda: datetime(2026, 3, 1, 20, 30))
    assert await seeing(WorkerLimits()) == ComputerState(None, None, 20 * 60 + 30)
    assert (await seeing(CAREFUL)).full_screen is None
    await screen.close()
