"""Processes that run a module of this program: ``python -m MODULE``, with an order on their standard input."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import msgspec

from runtime.leash import leashed
from runtime.programs import module_command

_LONGEST_LINE: Final = 64 * 2**20


@asynccontextmanager
async def running_module(
    module: str, order: msgspec.Struct
) -> AsyncIterator[tuple[asyncio.subprocess.Process, asyncio.StreamReader]]:
    """Run a module that reads ``order`` as a line of JSON; yield the process and its output, then kill it."""
    pipe = asyncio.subprocess.PIPE
    command = leashed(module_command(module))
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=_LONGEST_LINE)
    assert process.stdin and process.stdout
    try:
        process.stdin.write(msgspec.json.encode(order) + b"\n")
        yield process, process.stdout
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
