"""Wait on a predicate, with a deadline."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any

DEADLINE_S = 30.0
_PAUSE_S = 0.01


async def wait_until(
    predicate: Callable[[], Any | Awaitable[Any]], what: str, deadline_s: float = DEADLINE_S
) -> Any:
    """Poll ``predicate`` until it is truthy and return its value; on failure report ``what``."""
    end = time.monotonic() + deadline_s
    while True:
        value = predicate()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline_s:g} s: {what}")
        await asyncio.sleep(_PAUSE_S)


def wait_until_sync(predicate: Callable[[], Any], what: str, deadline_s: float = DEADLINE_S) -> Any:
    """Wait like ``wait_until``, for tests without an event loop."""
    end = time.monotonic() + deadline_s
    while not (value := predicate()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline_s:g} s: {what}")
        time.sleep(_PAUSE_S)
    return value
