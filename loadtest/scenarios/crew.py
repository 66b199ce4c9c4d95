"""Distribution of ``streams`` over several processes, for more speakers than one process can simulate.

Each process reads its part from standard input, and writes its results every second, as one line of JSON.

    python -m loadtest.scenarios.crew
"""

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from client.connection import Address
from loadtest.core.gateway import locator
from loadtest.core.load_process import run_loop, running_module
from loadtest.measurement.tally import Tally, TallyRecorder
from loadtest.scenarios.streams import Streams, run_streams
from runtime.logs import logging_to
from runtime.tasks import Tasks

_EVERY_S: Final = 1.0
_END_S: Final = 10.0


class CrewFailed(Exception):
    """A process of the load maker ended before its speakers had finished."""


class PlanPart(Struct, frozen=True):
    """Part of the plan for one process. Without ``url``: the gateway of this computer."""

    plan: Streams
    zero: float
    url: str = ""
    key: str = ""
    certificate_sha256: str = ""


async def run_crew(plan: Streams, address: Address | None, zero: float, gather: Callable[[Tally], None]) -> None:
    """Run each part of the plan in a process. Raises ``CrewFailed``."""
    where = (address.url, address.key, address.certificate_sha256) if address else ()
    async with asyncio.TaskGroup() as members:
        for number in range(plan.parts):
            part = PlanPart(replace(plan, part=number), zero, *where)
            members.create_task(_member(part, gather), name=f"crew/{number}")


async def _member(part: PlanPart, gather: Callable[[Tally], None]) -> None:
    async with running_module("loadtest.scenarios.crew", part) as (process, output):
        try:
            await _gather(output, gather)
            if status := await process.wait():
                raise CrewFailed(f"process {part.plan.part + 1} of the load maker ended with {status}")
        finally:
            if process.returncode is None:  # cancelled: wait briefly for its last results
                with suppress(ProcessLookupError, TimeoutError):
                    process.terminate()
                    async with asyncio.timeout(_END_S):
                        await _gather(output, gather)
                        await process.wait()


async def _gather(output: asyncio.StreamReader, gather: Callable[[Tally], None]) -> None:
    async for line in output:
        gather(msgspec.json.decode(line, type=Tally))


async def _work(part: PlanPart) -> None:
    locate = locator(part.url, part.key, part.certificate_sha256)
    recorder = TallyRecorder(part.zero)
    try:
        async with Tasks("crew") as tasks:
            tasks.start(_report(recorder), "report")
            await run_streams(part.plan, locate, recorder)
    finally:
        _write(recorder)


async def _report(recorder: TallyRecorder) -> None:
    while True:
        await asyncio.sleep(_EVERY_S - time.monotonic() % _EVERY_S)
        _write(recorder)


def _write(recorder: TallyRecorder) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(recorder.take()) + b"\n")
    sys.stdout.buffer.flush()


def main() -> None:
    """Run one process of a crew."""
    part = msgspec.json.decode(sys.stdin.buffer.readline(), type=PlanPart)
    with logging_to("loadtest", None, level="WARNING"):
        run_loop(_work(part))


if __name__ == "__main__":
    main()
