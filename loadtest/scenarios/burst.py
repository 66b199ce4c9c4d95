"""``burst``: many times more speakers than the fleet can serve, for a minute. Is everything recognised once?"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import aiohttp
from msgspec import Struct

from client.connection import Locate
from loadtest.core.gateway import READY, ask
from loadtest.measurement.figures import Figures
from loadtest.measurement.promises import Promise, judge_speakers
from loadtest.measurement.tally import TallyRecorder
from loadtest.scenarios.streams import Streams, run_streams
from protocol.errors import CloseCode

_LOOK_S: Final = 0.5
_ACCEPTING_S: Final = 60.0
_NO_REASON: Final = "without a reason"
_HTTP: Final = ("429 ", "503 ")


class Burst(Struct, frozen=True):
    """Plan: ``count`` speakers arrive within ``ramp_s`` and speak until ``seconds`` after that.

    ``carried``: how many the fleet carries, 0 if that was not measured.
    """

    count: int
    carried: float
    seconds: float = 60.0
    ramp_s: float = 20.0
    seed: int = 1
    pace: float = 1.0
    patience_s: float = 3600.0


@dataclass
class Aftermath:
    """State of the gateway after the burst. ``accepting``: it accepts new sessions again."""

    accepting: bool = False


async def run_burst(plan: Burst, locate: Locate, recorder: TallyRecorder, after: Aftermath) -> None:
    """Run the burst until everything is answered and the gateway accepts new sessions again."""
    streams = Streams(plan.count, plan.seconds, plan.ramp_s, plan.seed, patience_s=plan.patience_s, pace=plan.pace)
    await run_streams(streams, locate, recorder)
    end = time.monotonic() + _ACCEPTING_S
    async with aiohttp.ClientSession() as http:
        while not after.accepting and time.monotonic() < end:
            after.accepting = bool((await ask(http, locate(), READY)).get("accepting"))
            await asyncio.sleep(0 if after.accepting else _LOOK_S)


def judge(figures: Figures, after: Aftermath) -> Iterator[Promise]:
    """Yield the promises: everything once, refusals with reason and time, clients that obey, an open gateway."""
    yield judge_speakers(figures)
    yield _judge_refusals(figures)
    found = f"{figures.early} attempts too early, after {figures.refusals} refusals"
    yield Promise("clients try again no earlier than they were asked to", not figures.early, found)
    yield Promise(
        "the gateway accepts new sessions afterwards", after.accepting, "yes" if after.accepting else "no"
    )


def _judge_refusals(figures: Figures) -> Promise:
    """Judge the refusals: each has a reason; those before the upgrade have a Retry-After, too."""
    after_hello = f"{CloseCode.TRY_AGAIN_LATER} "
    wrong = [
        kind
        for kind, refused in figures.refused.items()
        if kind.endswith(_NO_REASON)
        or not kind.startswith((*_HTTP, after_hello))
        or (kind.startswith(_HTTP) and refused.without_retry_after)
    ]
    found = (
        "; ".join(wrong) or ", ".join(f"{one.count} x {kind}" for kind, one in figures.refused.items()) or "none"
    )
    return Promise("every refusal has a reason, and before the upgrade a Retry-After", not wrong, found)
