"""Ends of a load maker's event loop, and processes with an order on their input."""

import asyncio
import os
import signal

import pytest
from msgspec import Struct

from loadtest.core.load_process import run_loop, running_module


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_loop_returns_false_when_a_signal_cancels_it(number: signal.Signals) -> None:
    cleaned = list[bool]()

    async def wait() -> None:
        try:
            asyncio.get_running_loop().call_soon(os.kill, os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            cleaned.append(True)

    assert run_loop(wait()) is False
    assert cleaned == [True]


def test_run_loop_returns_true_at_the_end() -> None:
    async def nothing() -> None: ...

    assert run_loop(nothing()) is True


def test_run_loop_raises_errors() -> None:
    async def fail() -> None:
        raise ValueError("no good")

    with pytest.raises(ValueError, match="no good"):
        run_loop(fail())


class Order(Struct):
    """Order that ``json.tool`` prints."""

    count: int


async def test_module_reads_its_order_and_ends_with_the_context() -> None:
    async with running_module("json.tool", Order(3)) as (process, output):
        assert process.stdin is not None
        process.stdin.close()
        assert b'"count": 3' in await output.read()


async def test_module_is_killed_after_an_error() -> None:
    with pytest.raises(ValueError, match="no"):
        async with running_module("json.tool", Order(3)) as (process, _):
            raise ValueError("no")
    assert process.returncode is not None and process.returncode < 0
