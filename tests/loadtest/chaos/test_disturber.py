"""Events that are performed, noted and undone."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from client.connection import Address, fixed_locator
from loadtest.chaos.clock import SteppedClock
from loadtest.chaos.disturber import Disturber
from loadtest.chaos.events import Event, FaultKind, FaultTarget, LinkDirection
from loadtest.chaos.targets import Absent, ChaosTargets, Network, TargetProcess
from loadtest.reports.run import RunEvent
from tests.helpers.waiting import wait_until
from tests.loadtest.chaos.sleepers import sleeper, stands
from tests.loadtest.chaos.test_proxy import caller, echo_behind_a_proxy, say


@dataclass
class Sleeper(TargetProcess):
    """A process of the test."""

    found: psutil.Process
    clock: SteppedClock | None = None
    away_s: float = -1.0
    below: list[psutil.Process] = field(default_factory=list)

    @property
    def process(self) -> psutil.Process:
        if not self.found.is_running() or self.found.status() == psutil.STATUS_ZOMBIE:
            raise Absent("it is not running")
        return self.found

    def companions(self) -> list[psutil.Process]:
        return self.below

    def delay_restart(self, seconds: float) -> None:
        self.away_s = seconds


@contextmanager
def target() -> Iterator[tuple[Sleeper, ChaosTargets]]:
    with sleeper() as process:
        one = Sleeper(process)
        yield (
            one,
            ChaosTargets(
                fixed_locator(Address("http://127.0.0.1:9")),
                list,
                {FaultTarget.WORKER: [one], FaultTarget.BROKER: [one]},
            ),
        )


@asynccontextmanager
async def performing(targets: ChaosTargets, *events: Event) -> AsyncIterator[list[RunEvent]]:
    """Perform events at once; end with the context."""
    marks: list[RunEvent] = []
    disturber = Disturber(targets, time.monotonic(), marks.append)
    task = asyncio.create_task(disturber.perform(events))
    try:
        yield marks
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(("kind", "status"), [(FaultKind.KILL, -9), (FaultKind.RESTART, -15)])
async def test_process_ends_and_stays_away(kind: FaultKind, status: int) -> None:
    with target() as (one, targets):
        async with performing(targets, Event(0.0, kind, FaultTarget.WORKER, 0, 1.5)) as marks:
            await wait_until(lambda: marks, "it is noted")
            assert one.found.wait(30) in (status, None)
        assert one.away_s == 1.5
    assert [(mark.what, mark.outcome) for mark in marks] == [(f"{kind} worker 0", "")]


@pytest.mark.parametrize("kind", [FaultKind.PAUSE, FaultKind.SLOW])
async def test_process_stands_until_the_event_or_the_run_is_over(kind: FaultKind) -> None:
    with target() as (one, targets):
        async with performing(targets, Event(0.0, kind, FaultTarget.WORKER, 0, 0.3, 0.9)) as marks:
            await wait_until(lambda: stands(one.found), "it stands")
            await wait_until(lambda: marks, "it is over")
            assert not stands(one.found)
        async with performing(targets, Event(0.0, kind, FaultTarget.WORKER, 0, 3600.0, 0.9)) as marks:
            await wait_until(lambda: stands(one.found), "it stands")
        await wait_until(lambda: not stands(one.found), "it continues after a cancelled run")
        assert len(marks) == 1


async def test_slow_worker_may_end_meanwhile() -> None:
    with target() as (one, targets):
        async with performing(targets, Event(0.0, FaultKind.SLOW, FaultTarget.WORKER, 0, 0.5, 0.5)) as marks:
            await wait_until(lambda: stands(one.found), "it stands")
            one.found.kill()
            await wait_until(lambda: marks, "it is over")
    assert marks[0].outcome == ""


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: limits of other processes")
async def test_disk_is_full_for_broker_and_gateway_until_the_run_is_over() -> None:
    with target() as (one, targets), sleeper() as gateway:
        one.below = [gateway]
        async with performing(targets, Event(0.0, FaultKind.DISK, FaultTarget.BROKER, 0, 3600.0)):
            await wait_until(lambda: gateway.rlimit(psutil.RLIMIT_FSIZE)[0] == 0, "it is full")
            assert one.found.rlimit(psutil.RLIMIT_FSIZE)[0] == 0
        assert gateway.rlimit(psutil.RLIMIT_FSIZE)[0] == psutil.RLIM_INFINITY
        assert one.found.rlimit(psutil.RLIMIT_FSIZE)[0] == psutil.RLIM_INFINITY


async def test_clock_is_stepped_until_the_run_is_over(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    with target() as (one, targets):
        one.clock = SteppedClock(Path("lib.so"), file)
        async with performing(targets, Event(0.0, FaultKind.CLOCK, FaultTarget.WORKER, 0, 3600.0, -60.0)):
            await wait_until(lambda: file.read_text() == "-60.0\n", "it is stepped")
        assert file.read_text() == "+0.0\n"


async def test_event_without_its_target_is_recorded_and_the_run_continues() -> None:
    with target() as (one, targets):
        one.found.kill()
        one.found.wait()
        kinds = (FaultKind.KILL, FaultKind.PAUSE, FaultKind.CLOCK)
        events = [Event(0.01 * number, kind, FaultTarget.WORKER) for number, kind in enumerate(kinds)]
        async with performing(targets, *events) as marks:
            await wait_until(lambda: len(marks) == 3, "all are noted")
    assert {mark.outcome for mark in marks} == {"it is not running", "this clock cannot be stepped"}


LINK_EVENTS = [
    Event(0.0, FaultKind.GONE, FaultTarget.CLIENT_LINK, 0, 3600.0),
    Event(0.0, FaultKind.DELAY, FaultTarget.CLIENT_LINK, 0, 3600.0, 3600.0),
    Event(0.0, FaultKind.NARROW, FaultTarget.CLIENT_LINK, 0, 3600.0, 0.001),
    Event(0.0, FaultKind.STALL, FaultTarget.CLIENT_LINK, 0, 3600.0),
]


@pytest.mark.parametrize("event", LINK_EVENTS, ids=lambda event: event.kind)
async def test_network_is_restored_when_the_run_is_over(event: Event) -> None:
    async with echo_behind_a_proxy() as (_, proxy):
        network = Network(proxy)
        targets = ChaosTargets(
            fixed_locator(Address("http://127.0.0.1:9")), list, {}, {FaultTarget.CLIENT_LINK: [network]}
        )
        async with performing(targets, event):
            await wait_until(lambda: network.is_disturbed, "it is disturbed")
        assert not network.is_disturbed
        async with caller(proxy) as streams:
            assert await say(streams, b"hello") == b"hello"


@pytest.mark.parametrize("kind", [FaultKind.CUT, FaultKind.HALF_OPEN])
async def test_connection_is_gone_afterwards(kind: FaultKind) -> None:
    async with echo_behind_a_proxy() as (_, proxy), caller(proxy) as streams:
        await say(streams, b"hello")
        targets = ChaosTargets(
            fixed_locator(Address("http://127.0.0.1:9")), list, {}, {FaultTarget.CLIENT_LINK: [Network(proxy)]}
        )
        async with performing(
            targets, Event(0.0, kind, FaultTarget.CLIENT_LINK, 0, 0.01, 0.0, (LinkDirection.UP,))
        ) as marks:
            await wait_until(lambda: marks, "it is over")
        with pytest.raises(ConnectionResetError):
            await streams[0].read()
