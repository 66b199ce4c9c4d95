"""Stopped processes continue, whatever happens."""

import asyncio
import os
import signal
import sys

import psutil
import pytest

from loadtest.chaos.standstill import Standstill, left_standing
from tests.helpers.waiting import wait_until
from tests.loadtest.chaos.sleepers import sleeper, stands

STOPPER = """
import asyncio, sys, psutil
from loadtest.chaos.standstill import Standstill
async def main():
    with Standstill() as standstill:
        with standstill.of([psutil.Process(int(sys.argv[1]))]):
            print("stopped", flush=True)
            await asyncio.Event().wait()
asyncio.run(main())
"""


async def test_process_continues_when_last_event_is_over() -> None:
    with sleeper() as process, Standstill() as standstill:
        with standstill.of([process]):
            with standstill.of([process]):
                await wait_until(lambda: stands(process), "it stands")
            assert stands(process), "another event still wants it to stand"
        await wait_until(lambda: not stands(process), "it continues")


async def test_process_continues_after_an_error() -> None:
    with sleeper() as process:
        with pytest.raises(ValueError, match="no"), Standstill() as standstill, standstill.of([process]):
            await wait_until(lambda: stands(process), "it stands")
            raise ValueError("no")
        await wait_until(lambda: not stands(process), "it continues")


async def test_process_that_ended_is_no_error() -> None:
    with sleeper() as process, Standstill() as standstill, standstill.of([process]):
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
async def test_process_continues_when_the_tool_is_killed(number: signal.Signals) -> None:
    with sleeper() as process:
        command = (sys.executable, "-c", STOPPER, str(process.pid))
        tool = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=-3)
        assert tool.stdout is not None and await tool.stdout.readline() == b"stopped\n"
        await wait_until(lambda: stands(process), "it stands")
        os.kill(tool.pid, number)
        await tool.wait()
        await wait_until(lambda: not stands(process), "the guard lets it continue")
    assert not psutil.pid_exists(process.pid)


def test_only_unreleased_processes_stay_stopped() -> None:
    assert left_standing(["+1\n", "+2\n", "-1\n", "-3\n", "\n", "+x\n", "+4"]) == {2, 4}
