"""Writes to a connection that was just lost, on the loop of asyncio and on uvloop."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop

from backend.core.lost_writes import lost_writes
from tests.helpers.lost_connection import lost_writer


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_write_to_a_lost_connection_is_a_reset(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def write() -> None:
        async with lost_writer() as writer:
            with lost_writes():
                writer.writelines([b"command"])
                await writer.drain()

    with asyncio.Runner(loop_factory=loop) as runner, pytest.raises(ConnectionResetError):
        runner.run(write())


@pytest.mark.parametrize("error", [RuntimeError("a mistake of ours"), TypeError("no")])
def test_other_errors_pass(error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)), lost_writes():
        raise error
