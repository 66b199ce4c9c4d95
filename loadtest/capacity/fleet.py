"""Fleet behind a gateway: its report, the number of speakers it serves, and what more speakers would need."""

import asyncio
import math
import time
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
from msgspec import Struct

from client.connection import Address, Locate
from loadtest.capacity.sizing import UnitCosts
from loadtest.capacity.speech import TALK
from loadtest.core.errors import LoadTestError
from loadtest.core.gateway import READY, WORKERS, answer
from loadtest.measurement.tally import TallyRecorder
from loadtest.scenarios.streams import Streams, run_streams

_COSTS: Final = UnitCosts()
SPEAKING: Final = math.floor(0.7 * 3600 / _COSTS.gateway_cpu)
"""Speakers that use 70 % of a gateway's core."""
_ABLE: Final = ("idle", "busy")
_WARMING: Final = Streams(2, 1.0, seed=0, patience_s=60.0, pace=0.1)
_LOOK_S: Final = 0.5
_PATIENCE_S: Final = 20.0


class Fleet(Struct, frozen=True):
    """Fleet that a gateway reports. ``speeds``: audio seconds per second of each worker, 0 if not yet known.

    ``streams``: the gateway's own estimate for all of them together; ``None`` if it gives none.
    """

    speeds: tuple[float, ...]
    streams: float | None = None

    @property
    def speeds_known(self) -> bool:
        """True if there are workers, and each has reported its speed."""
        return bool(self.speeds) and all(self.speeds)


class Need(Struct, frozen=True):
    """Workers and gateways needed by ``streams`` speakers who speak for the share ``talk`` of the time.

    ``headroom``: share of the fleet to keep free. ``workers``: how many exist; ``measured`` of them have reported
    their speed, whose mean is ``speed``. ``carries``: how many speakers they can serve. ``workers_needed`` is
    ``None`` if no speed is known. ``first``: the first bottleneck as speakers are added, ``workers`` or
    ``gateways``.
    """

    streams: int
    talk: float
    headroom: float
    workers: int
    measured: int
    speed: float | None
    carries: int
    workers_needed: int | None
    gateways_needed: int
    first: str

    @property
    def enough(self) -> bool:
        """True if the existing fleet is large enough."""
        return self.carries >= self.streams


def need(streams: int, fleet: Fleet, talk: float = 1.0, headroom: float = 0.3) -> Need:
    """Compute the need. A worker of unknown speed counts with the mean speed of the others, or with 0."""
    known = [speed for speed in fleet.speeds if speed > 0]
    average = sum(known) / len(known) if known else None
    together = average * len(fleet.speeds) if average else fleet.streams or 0.0
    carries = math.floor(together * (1 - headroom) / talk)
    per_gateway = min(_COSTS.connections, math.floor(SPEAKING / talk))
    return Need(
        streams=streams,
        talk=talk,
        headroom=headroom,
        workers=len(fleet.speeds),
        measured=len(known),
        speed=round(average, 2) if average else None,
        carries=carries,
        workers_needed=math.ceil(streams * talk / (average * (1 - headroom))) if average else None,
        gateways_needed=math.ceil(streams / per_gateway),
        first="workers" if carries < per_gateway else "gateways",
    )


async def speakers_carried(locate: Locate, patience_s: float = _PATIENCE_S) -> float:
    """Return how many speakers with pauses the fleet can serve, once every worker has recognised something.

    Raises ``LoadTestError`` if a worker does not report its speed in time, or ``GatewayError``.
    """
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        await run_streams(_WARMING, locate, TallyRecorder(time.monotonic()))
        found = await ask_fleet(locate())
        if found.speeds_known and found.streams is not None:
            return found.streams / TALK
        await asyncio.sleep(_LOOK_S)
    raise LoadTestError(
        "no worker has reported its speed: start one with `kikipounamu-worker run --engine checksum`"
    )


async def ask_fleet(address: Address) -> Fleet:
    """Query the fleet of this gateway. Raises ``GatewayError``."""
    async with aiohttp.ClientSession() as http:
        return fleet(await answer(http, address, READY), await answer(http, address, WORKERS))


def fleet(ready: Mapping[str, Any], workers: Mapping[str, Any]) -> Fleet:
    """Read the fleet from ``/readyz`` and ``/v1/workers``, tolerating missing fields."""
    listed = workers.get("workers")
    able = [one for one in listed if one.get("state") in _ABLE] if isinstance(listed, list) else []
    streams = ready.get("streams")
    speeds = tuple(float(one.get("speed") or 0.0) for one in able)
    return Fleet(speeds, float(streams) if isinstance(streams, int | float) else None)


def describe_need(need: Need) -> str:
    """Format the need for a terminal."""
    if need.workers_needed is None:
        wanted = "None of the workers has reported its speed: let them recognise something first."
    else:
        wanted = (
            f"Workers needed: {need.workers_needed} like the present ones, which recognise {need.speed:g} s "
            f"of audio per second each; {need.headroom:.0%} of that stays free."
        )
    return (
        f"Speakers: {need.streams}, of whom {need.talk:.0%} speak at any moment.\n"
        f"{wanted}\nWorkers present: {need.workers}. Speakers that they can serve: {need.carries}.\n"
        f"Gateways needed: {need.gateways_needed}. With more speakers, the {need.first} are the first bottleneck."
    )
