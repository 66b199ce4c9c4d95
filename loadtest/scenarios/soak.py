"""``soak``: a steady load for hours, by speakers who come and go. Does the memory of any program grow?"""

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Final

from msgspec import Struct

from client.connection import Locate
from loadtest.measurement.figures import Figures
from loadtest.measurement.processes import BROKER, GATEWAY, WORKERS, ProcessUsage
from loadtest.measurement.promises import Promise, judge_speakers
from loadtest.measurement.tally import TallyRecorder
from loadtest.scenarios.streams import LoadMaker, Streams, running_load_maker

_HOUR_S: Final = 3600.0
_BYTES_PER_MB: Final = 2**20
_PROGRAMS: Final = (GATEWAY, BROKER, WORKERS)


class Soak(Struct, frozen=True):
    """Plan: ``count`` places, each with one session after the other, for ``seconds`` after the ramp.

    A session lasts between ``shortest_s`` and ``longest_s``. ``warm_s``: time from the start that is not judged.
    ``most_mb_per_hour``: allowed growth of a program beyond noise. ``kept_bytes``: bytes per segment that the
    broker may keep, because a session is resumable for 72 h.
    """

    count: int
    seconds: float
    ramp_s: float = 10.0
    warm_s: float = 300.0
    shortest_s: float = 60.0
    longest_s: float = 300.0
    seed: int = 1
    pace: float = 1.0
    patience_s: float = 300.0
    most_mb_per_hour: float = 2.0
    kept_bytes: float = 256.0


async def run_soak(plan: Soak, locate: Locate, recorder: TallyRecorder) -> None:
    """Run all places until the time is over and everything is answered."""
    streams = Streams(plan.count, plan.seconds, seed=plan.seed, patience_s=plan.patience_s, pace=plan.pace)
    async with running_load_maker(streams, locate, recorder) as maker, asyncio.TaskGroup() as places:
        for place in range(plan.count):
            places.create_task(_fill(plan, maker, place, recorder.zero), name=f"soak/{place}")


async def _fill(plan: Soak, maker: LoadMaker, place: int, zero: float) -> None:
    source = random.Random(f"soak/{plan.seed}/{place}")
    await asyncio.sleep(zero + plan.ramp_s * place / plan.count - time.monotonic())
    stop_at = zero + plan.ramp_s + plan.seconds
    for visit in count():
        now = time.monotonic()
        if now >= stop_at:
            return
        leaves_at = now + source.uniform(plan.shortest_s, plan.longest_s)
        await maker.converse(place + visit * plan.count, min(stop_at, leaves_at))


def judge(plan: Soak, figures: Figures, usages: Sequence[ProcessUsage]) -> Iterator[Promise]:
    """Yield the promises: everything recognised, and memory that does not grow."""
    yield judge_speakers(figures)
    end = plan.ramp_s + plan.seconds
    during = [usage for usage in usages if plan.warm_s <= usage.at_s <= end]
    kept_mb = plan.kept_bytes * figures.segments / figures.took_s * _HOUR_S / _BYTES_PER_MB
    for program in _PROGRAMS:
        allowed = plan.most_mb_per_hour + (kept_mb if program == BROKER else 0.0)
        yield grows(program, during, allowed)


def grows(program: str, usages: Sequence[ProcessUsage], allowed: float) -> Promise:
    """Judge the memory of a program: its slope must be within noise, or at most ``allowed`` MB per hour."""
    name = f"memory of the {program} does not grow (within noise, or at most {allowed:.1f} MB per hour)"
    points = [(usage.at_s / _HOUR_S, usage.memory_mb.get(program, 0.0)) for usage in usages]
    from loadtest.measurement.slopes import theil_sen  # late: numpy, which other scenarios do not need

    slope = theil_sen([point for point in points if point[1] > 0.0])
    if slope is None:
        return Promise(name, None, "not measured: it runs on another computer, or the time was too short")
    found = (
        f"{slope.slope:+.2f} MB per hour, 95 % confidence {slope.low:+.2f} to {slope.high:+.2f}, of "
        f"{slope.median:.1f} MB"
    )
    if slope.within_noise and slope.high > allowed:
        found += ": a longer run would distinguish growth from noise"
    values = {name: round(float(getattr(slope, name)), 2) for name in slope.__struct_fields__}
    kept = slope.within_noise or slope.slope <= allowed
    return Promise(name, kept, found, {**values, "allowed": round(allowed, 2)})
