import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.insertion.wayland.contents import is_read_elsewhere
from tests.helpers.waiting import wait_until

_HOLD = "import sys; print(flush=True); sys.stdin.read()"
_HOLD_IN_CHILD = f"""
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {_HOLD!r}], close_fds=False)
os.close(int(sys.argv[1]))
child.wait()
"""
_ENDED = 2**22 + 1
"""Larger than the number of any process."""


@asynccontextmanager
async def process_with(program: str, *pipes: int) -> AsyncIterator[int]:
    """Run a Python program that has inherited these pipes, and yield its number."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, *map(str, pipes)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        pass_fds=pipes,
        close_fds=True,
    )
    assert child.stdin is not None and child.stdout is not None
    await child.stdout.readline()
    yield child.pid
    child.stdin.close()
    await wait_until(lambda: child.returncode is not None, "it ends")


@asynccontextmanager
async def pipe() -> AsyncIterator[tuple[int, int]]:
    """Yield both ends of a pipe."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


async def test_pipe_is_read_by_the_process_that_holds_its_reading_end() -> None:
    async with pipe() as (reading, writing), process_with(_HOLD, reading) as reader, process_with(_HOLD) as other:
        assert not is_read_elsewhere(writing, reader, other)
        assert not is_read_elsewhere(writing, other, reader), "the compositor reads for X programs"
        assert is_read_elsewhere(writing, other, other)


async def test_child_of_a_process_reads_for_it() -> None:
    async with (
        pipe() as (reading, writing),
        process_with(_HOLD_IN_CHILD, reading) as parent,
        process_with(_HOLD) as other,
    ):
        assert not is_read_elsewhere(writing, parent, other)


async def test_writer_is_no_reader() -> None:
    async with pipe() as (_, writing), process_with(_HOLD, writing) as writer:
        assert is_read_elsewhere(writing, writer, writer)


async def test_process_that_has_ended_is_unknown_as_a_reader() -> None:
    async with pipe() as (_, writing):
        assert not is_read_elsewhere(writing, _ENDED, _ENDED)
