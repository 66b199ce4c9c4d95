"""Wait on a predicate, with a deadline."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any

DEADLINE_S = 60.0  # on a machine at a load of 20 a program takes half a minute to start
_SHORTEST_S, _LONGEST_S, _GROWTH = 0.005, 0.03, 1.25
"""Pauses between two looks: many predicates start a program or ask a server, which has its price."""


async def wait_until(
    predicate: Callable[[], Any | Awaitable[Any]], what: str, deadline_s: float = DEADLINE_S
) -> Any:
    """Poll ``predicate`` until it is truthy and return its value; on failure report ``what``."""
    end, pause_s = time.monotonic() + deadline_s, _SHORTEST_S
    while True:
        value = predicate()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline_s:g} s: {what}")
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * _GROWTH, _LONGEST_S)


def wait_until_sync(predicate: Callable[[], Any], what: str, deadline_s: float = DEADLINE_S) -> Any:
    """Wait like ``wait_until``, for tests without an event loop."""
    end, pause_s = time.monotonic() + deadline_s, _SHORTEST_S
    while not (value := predicate()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline_s:g} s: {what}")
        time.sleep(pause_s)
        pause_s = min(pause_s * _GROWTH, _LONGEST_S)
    return value
