"""Speakers shared by several processes, whose counts are combined."""

import asyncio
import time

import psutil
import pytest

from client.connection import Address
from loadtest.measurement.tally import Tally
from loadtest.scenarios.crew import run_crew
from loadtest.scenarios.streams import Streams
from tests.helpers.processes import gone
from tests.helpers.scripted_gateway import afresh, scripted
from tests.helpers.waiting import wait_until


async def test_crew_runs_and_counts_all_parts() -> None:
    tally = Tally()
    async with scripted(afresh) as gateway:
        plan = Streams(3, 20.0, parts=2, patience_s=5.0, pace=0.02)
        await run_crew(plan, Address(gateway.url, "k"), time.monotonic(), tally.absorb)
        assert set(gateway.memory.keys) == {"Bearer k"}
    assert tally.flawless and tally.finished == tally.sessions == 3


async def test_cancelled_crew_reports_its_counts_and_ends() -> None:
    tally = Tally()
    async with scripted(afresh) as gateway:
        plan, before = Streams(2, 600.0, parts=2, pace=0.02), set(psutil.Process().children())
        running = asyncio.create_task(run_crew(plan, Address(gateway.url), time.monotonic(), tally.absorb))
        await wait_until(lambda: gateway.connections == 2, "both are there")
        members = set(psutil.Process().children()) - before
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert all(gone(member.pid) for member in members)
    assert tally.sessions == 2
