"""Capacity of the fleet behind a gateway, measured before a scenario that depends on it."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

import aiohttp

from client.connection import Locate
from client.errors import GatewayError
from loadtest.core.asking import READY, WORKERS, answer
from loadtest.measurement.tally import TallyRecorder
from loadtest.scenarios.streams import Streams, run_streams
from loadtest.speakers.noise import TALK

_WARMING: Final = Streams(2, 1.0, seed=0, patience_s=60.0, pace=0.1)
_LOOK_S: Final = 0.5
_PATIENCE_S: Final = 20.0
_ABLE: Final = ("idle", "busy")


class NoCapacity(GatewayError):
    """Fleet whose speed cannot be measured. The message says what to do."""


async def carried(locate: Locate, patience_s: float = _PATIENCE_S) -> float:
    """Return how many people with pauses the fleet carries, after letting every worker recognise something.

    Raises ``NoCapacity``, or another ``GatewayError``.
    """
    end = time.monotonic() + patience_s
    async with aiohttp.ClientSession() as http:
        while time.monotonic() < end:
            await run_streams(_WARMING, locate, TallyRecorder(time.monotonic()))
            if known(await answer(http, locate(), WORKERS)):
                ready = await answer(http, locate(), READY)
                return float(ready["streams"]) / TALK
            await asyncio.sleep(_LOOK_S)
    raise NoCapacity(
        "no worker has told how fast it is: start one with `kikipounamu-worker run --engine checksum`"
    )


def known(said: Mapping[str, Any]) -> bool:
    """Return whether ``/v1/workers`` tells the speed of every worker that works; false without any."""
    able = [worker for worker in said.get("workers", ()) if worker.get("state") in _ABLE]
    return bool(able) and all(worker.get("speed") for worker in able)
