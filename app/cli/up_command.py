"""Report the state of ``kikipounamu up``: whether a worker is ready, and if not, why."""

import asyncio
from collections.abc import Callable
from typing import Final

from app.local_services import local_gateway
from app.local_services.stack import Stack

LOOK_S: Final = 1.0


async def report(stack: Stack, say: Callable[[str], None], look_s: float = LOOK_S) -> None:
    """Print the state of the gateway and the worker at each change, until cancelled."""
    said = ""
    while True:
        now = await _standing(stack)
        if now and now != said:
            say(now)
        said = now
        await asyncio.sleep(look_s)


async def _standing(stack: Stack) -> str:
    found = await local_gateway.running()
    if found is None:
        return ""
    url, key = found.endpoint.url, local_gateway.endpoint_file()
    if found.readiness.ready:
        return f"ready: {url} (its key is in {key}). Ctrl-C ends it."
    if trouble := stack.trouble:
        return f"the worker does not run: {trouble}. It is tried again; the gateway stays at {url}."
    workers = await local_gateway.workers(found.endpoint)
    if problem := next((worker.problem for worker in workers if worker.problem), ""):
        return f"the worker cannot recognise anything: {problem}. It tries again; the gateway stays at {url}."
    return ""
