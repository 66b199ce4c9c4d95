"""How many workers so many people who speak at the same time need. Pure, but for the question to the gateway."""

import math
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
from msgspec import Struct

from client.connection import Address
from loadtest.asking import READY, WORKERS, answer

CONNECTIONS: Final = 2_000
"""What one gateway takes, unless its ``most_connections`` is another number."""
SPEAKING: Final = 2_200
"""How many who speak fill 70 % of a gateway's core, at the 1.14 CPU seconds per hour of docs/performance.md."""
_ABLE: Final = ("idle", "busy")


class Fleet(Struct, frozen=True):
    """What a gateway says: audio seconds per second that each worker recognises, 0 where it is not known yet.

    ``streams``: what the gateway itself expects of all of them together; ``None`` if it does not say.
    """

    speeds: tuple[float, ...]
    streams: float | None = None


class Need(Struct, frozen=True):
    """``streams`` people of whom at any moment the part ``talk`` speaks; ``headroom`` of the fleet stays free.

    ``workers`` are there, ``measured`` of them have told their speed, which is ``speed`` on average. ``carries``:
    how many people they carry. ``workers_needed`` is ``None`` where no speed is known. ``first``: what is too
    small first as people come, ``workers`` or ``gateways``.
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
        """Whether what is there is enough."""
        return self.carries >= self.streams


def need(streams: int, fleet: Fleet, talk: float = 1.0, headroom: float = 0.3) -> Need:
    """What so many people need. A worker that has not told its speed counts as the others do, or as nothing."""
    known = [speed for speed in fleet.speeds if speed > 0]
    average = sum(known) / len(known) if known else None
    together = average * len(fleet.speeds) if average else fleet.streams or 0.0
    carries = math.floor(together * (1 - headroom) / talk)
    per_gateway = min(CONNECTIONS, math.floor(SPEAKING / talk))
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


async def ask_fleet(address: Address) -> Fleet:
    """What this gateway says. Raises ``GatewayError``: why it says nothing."""
    async with aiohttp.ClientSession() as http:
        return fleet(await answer(http, address, READY), await answer(http, address, WORKERS))


def fleet(ready: Mapping[str, Any], workers: Mapping[str, Any]) -> Fleet:
    """Out of ``/readyz`` and ``/v1/workers``, whatever they lack."""
    listed = workers.get("workers")
    able = [one for one in listed if one.get("state") in _ABLE] if isinstance(listed, list) else []
    streams = ready.get("streams")
    speeds = tuple(float(one.get("speed") or 0.0) for one in able)
    return Fleet(speeds, float(streams) if isinstance(streams, int | float) else None)


def words(need: Need) -> str:
    """For people."""
    if need.workers_needed is None:
        wanted = "None of the workers has told how fast it is: let them recognise something first."
    else:
        wanted = (
            f"Workers needed: {need.workers_needed} like those that are there, which recognise {need.speed:g} s "
            f"of audio per second each; {need.headroom:.0%} of that stays free."
        )
    return (
        f"For {need.streams} people of whom {need.talk:.0%} speak at any moment:\n"
        f"{wanted}\nThere: {need.workers}, enough for {need.carries} people.\n"
        f"Gateways needed: {need.gateways_needed}. As people come, {need.first} are too few first."
    )
