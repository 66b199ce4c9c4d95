"""Cost of a step of load while new workers start. Pure."""

import math
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from loadtest.capacity.comparison import waits
from loadtest.capacity.scaling import Autoscaler
from loadtest.capacity.simulation import Chain, SimulationOutcome, WorkerTimes, simulate
from loadtest.capacity.speech import Speakers, spoken

STEP_AT_S: Final = 900.0
"""The autoscaler has found its number of workers by then."""
_AFTER_S: Final = 900.0
_LATE_S: Final = 1.0


class LagCost(Struct, frozen=True):
    """Waits of the segments that end after the number of speakers grew at once, in ms.

    ``start_s``: how long a new worker takes to start. ``usual_p95_ms``: before the step. ``over_s``: from the
    step to the last segment that waited a second more than that. ``workers``: before the step; ``most_workers``:
    at most; ``last_workers``: at the end. ``idle_share``: part of the workers' time that no call used.
    """

    start_s: float
    workers: int
    usual_p95_ms: float
    p50_ms: float
    p95_ms: float
    longest_ms: float
    over_s: float
    most_workers: int
    last_workers: int
    idle_share: float


def lag_cost(before: Speakers, after: int, times: WorkerTimes, chain: Chain, scaling: Autoscaler) -> LagCost:
    """Simulate a step from the speakers of ``before`` to ``after`` of them."""
    lasting = replace(before, seconds=STEP_AT_S + _AFTER_S)
    more = Speakers(after - before.count, _AFTER_S, seed=before.seed + 1, talk=before.talk, from_s=STEP_AT_S)
    start = math.ceil(before.count * before.talk / times.speed)
    return _cost(simulate(spoken(lasting, more), times, start, chain, scaling), scaling.start_s)


def _cost(outcome: SimulationOutcome, start_s: float) -> LagCost:
    settled = [one for one in outcome.segments if STEP_AT_S / 2 <= one.ended_s < STEP_AT_S]
    usual = waits(SimulationOutcome(settled))
    later = waits(outcome, STEP_AT_S)
    late_s = (usual.p95 or 0.0) / 1000 + _LATE_S
    after = [one for one in outcome.segments if one.ended_s >= STEP_AT_S]
    over = [one.ended_s - STEP_AT_S for one in after if one.wait_s > late_s]
    return LagCost(
        start_s=start_s,
        workers=outcome.workers_at(STEP_AT_S),
        usual_p95_ms=usual.p95 or 0.0,
        p50_ms=later.p50 or 0.0,
        p95_ms=later.p95 or 0.0,
        longest_ms=later.most or 0.0,
        over_s=round(max(over, default=0.0), 1),
        most_workers=max(count for _, count in outcome.workers),
        last_workers=outcome.workers_at(math.inf),
        idle_share=round(1 - outcome.utilisation, 3),
    )
