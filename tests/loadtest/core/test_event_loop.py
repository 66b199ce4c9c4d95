"""Ends of a load maker's event loop."""

import asyncio
import os
import signal

import pytest

from loadtest.core.event_loop import run_loop


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
