"""``long``: one session with hours of audio, whose connection is cut a few times. Does it become slower?"""

import asyncio
import statistics
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from client.connection import Locate
from loadtest.measurement.figures import Figures
from loadtest.measurement.promises import Promise, judge_speakers
from loadtest.measurement.tally import CompletedSegment, TallyRecorder
from loadtest.scenarios.streams import LoadMaker, Streams, running_load_maker
from runtime.tasks import Tasks

_QUARTER: Final = 4
_SLOWER: Final = 1.5
_SLOWER_MS: Final = 20.0


class Long(Struct, frozen=True):
    """Plan: one session of ``hours`` of audio, which takes ``pace`` times as long and is cut ``cuts`` times."""

    hours: float
    pace: float = 0.1
    cuts: int = 3
    seed: int = 1
    patience_s: float = 300.0

    @property
    def seconds(self) -> float:
        """Duration in real time."""
        return self.hours * 3600 * self.pace


async def run_long(plan: Long, locate: Locate, recorder: TallyRecorder) -> None:
    """Run the session to its last answer."""
    streams = Streams(1, plan.seconds, seed=plan.seed, patience_s=plan.patience_s, pace=plan.pace)
    async with running_load_maker(streams, locate, recorder) as maker, Tasks("long") as tasks:
        tasks.start(_cut(plan, maker), "cuts")
        await maker.speak(0)


async def _cut(plan: Long, maker: LoadMaker) -> None:
    for _ in range(plan.cuts):
        await asyncio.sleep(plan.seconds / (plan.cuts + 1))
        maker.tap.cut()


def judge(plan: Long, figures: Figures, ended: Sequence[CompletedSegment], connects: int) -> Iterator[Promise]:
    """Yield the promises: everything recognised, also after cuts, and no slower at the end."""
    yield judge_speakers(figures)
    found = f"{connects} connections, {figures.finished} session finished"
    whole = figures.finished == figures.sessions == 1 and connects == plan.cuts + 1
    yield Promise(f"the session survives {plan.cuts} broken connections", whole, found, {"connects": connects})
    yield _as_quick(ended)


def _as_quick(ended: Sequence[CompletedSegment]) -> Promise:
    """Compare the last quarter of the segments with the first, by the time that the chain added to each."""
    quarter = len(ended) // _QUARTER
    name = f"the last quarter is as quick as the first (at most {_SLOWER:g} times and {_SLOWER_MS:g} ms more)"
    if not quarter:
        return Promise(name, None, "not measured: too few segments")
    first, last = (statistics.median(one.added for one in part) for part in (ended[:quarter], ended[-quarter:]))
    found = f"median {first:.1f} ms in the first, {last:.1f} ms in the last quarter, added by the chain"
    kept = last <= first * _SLOWER + _SLOWER_MS
    return Promise(name, kept, found, {"first_ms": round(first, 1), "last_ms": round(last, 1)})
