"""Child process that is restarted whenever it ends."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from loadtest.chaos.child import ChaosChild
from loadtest.chaos.clock import SteppedClock
from loadtest.chaos.targets import Absent
from runtime.tasks import Tasks
from tests.helpers.processes import gone
from tests.helpers.waiting import wait_until

SLEEP = "import time; print('hello', flush=True); time.sleep(1000)"


@asynccontextmanager
async def kept(log: Path, code: str) -> AsyncIterator[ChaosChild]:
    child = ChaosChild((sys.executable, "-c", code), {}, log)
    async with Tasks("test") as tasks:
        tasks.start(child.run(), "child")
        try:
            yield child
        finally:
            await child.stop()


def other_than(child: ChaosChild, before: psutil.Process) -> Callable[[], psutil.Process | None]:
    """Return a predicate: another process than before."""

    def found() -> psutil.Process | None:
        try:
            return child.process if child.process != before else None
        except Absent:
            return None

    return found


async def test_killed_child_is_started_again_and_ends_with_its_owner(tmp_path: Path) -> None:
    async with kept(tmp_path / "worker-0.log", SLEEP) as child:
        await wait_until(lambda: "hello" in child.log_tail, "it runs")
        before = child.process
        before.kill()
        after = await wait_until(other_than(child, before), "it runs again")
        assert child.ends == {-9: 1} and child.name == "worker-0"
    assert gone(before.pid) and gone(after.pid)


async def test_child_stays_away_as_long_as_asked(tmp_path: Path) -> None:
    async with kept(tmp_path / "worker-0.log", SLEEP) as child:
        await wait_until(lambda: "hello" in child.log_tail, "it runs")
        child.delay_restart(3600.0)
        child.process.kill()
        await wait_until(lambda: child.ends, "it ended")
        with pytest.raises(Absent, match="worker-0 is not running"):
            _ = child.process
        assert not child.companions()


async def test_child_that_starts_while_it_is_stopped_ends_too(tmp_path: Path) -> None:
    child = ChaosChild((sys.executable, "-c", SLEEP), {}, tmp_path / "a.log")
    running = asyncio.create_task(child.run())
    await asyncio.sleep(0)
    await child.stop()
    await asyncio.wait_for(running, 10)
    assert child.ends == {-15: 1}


async def test_failing_child_is_counted(tmp_path: Path) -> None:
    async with kept(tmp_path / "a.log", "raise SystemExit(3)") as child:
        await wait_until(lambda: child.ends[3] > 1, "it failed twice")


async def test_descendants_work_beside_a_child(tmp_path: Path) -> None:
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEP!r}])"
    async with kept(tmp_path / "a.log", code) as child:
        await wait_until(lambda: "hello" in child.log_tail, "its child runs")
        (below,) = child.companions()
        below.kill()


def test_child_with_a_clock_is_started_with_it(tmp_path: Path) -> None:
    clock = SteppedClock(Path("lib.so"), tmp_path / "clock")
    assert ChaosChild(("true",), {}, tmp_path / "a.log", clock).clock is clock
