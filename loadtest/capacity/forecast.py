"""Forecast of `kikipounamu-loadtest plan` for given times: sizes, waits, and the cost of slow scaling. Pure."""

import math
from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from loadtest.capacity.calibration import Calibration
from loadtest.capacity.simulation import Autoscaler, Chain, SimulationOutcome, WorkerTimes, simulate
from loadtest.capacity.sizing import Sizing, UnitCosts, size
from loadtest.capacity.speech import Speakers, spoken
from loadtest.measurement.figures import Percentiles

CELL: Final = 10_000
"""Most speakers that are simulated: a larger fleet behaves as several of this size."""
_LAG_SPEAKERS: Final = 500
_RAMP_S: Final = 10.0
_SECONDS: Final = 40.0
_HOUR_S: Final = 3600
_STEP_AT_S: Final = 900.0
"""The autoscaler has found its number of workers by then."""
_AFTER_S: Final = 900.0
_LATE_S: Final = 1.0


class ForecastInput(Struct, frozen=True):
    """Number of speakers, each of whom speaks for the share ``talk`` of the time, and the free ``headroom``.

    ``lags``: seconds until a new worker takes segments; for each of them, a doubling of the speakers is simulated.
    """

    speakers: int
    talk: float
    headroom: float
    lags: tuple[float, ...] = ()


class LagCost(Struct, frozen=True):
    """Waits, in ms, of the segments that end after the number of speakers has grown at once.

    ``start_s``: how long a new worker takes to start. ``usual_p95_ms``: before the step. ``over_s``: from the step
    to the last segment that waited over a second longer than that. ``workers``, ``most_workers``,
    ``last_workers``: their number before the step, at most, and at the end. ``idle_share``: share of their time
    without a call.
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


class Forecast(Struct, frozen=True):
    """Forecast. ``simulated``: how many of the speakers were simulated; ``waits``: theirs, in ms."""

    sizing: Sizing
    simulated: int
    waits: Percentiles
    lags: tuple[LagCost, ...]


def forecast(asked: ForecastInput, known: Calibration, costs: UnitCosts) -> Forecast:
    """Compute the sizes, and simulate the fleet, or a cell of ``CELL`` speakers."""
    times, cell = known.times, min(asked.speakers, CELL)
    sizing = size(asked.speakers, asked.talk, asked.headroom, times, costs)
    here = sizing if cell == asked.speakers else size(cell, asked.talk, asked.headroom, times, costs)
    chain = Chain(
        gateways=here.gateways,
        shards=here.shards,
        gateway_cpu=costs.gateway_cpu / _HOUR_S,
        shard_cpu=costs.shard_cpu / _HOUR_S,
        added_ms=known.chain.added_ms,
    )
    outcome = simulate(spoken(Speakers(cell, _SECONDS, _RAMP_S, talk=asked.talk)), times, here.workers, chain)
    return Forecast(
        sizing=sizing,
        simulated=cell,
        waits=outcome.waits(_RAMP_S),
        lags=tuple(_lags(asked, times, chain)),
    )


def _lags(asked: ForecastInput, times: WorkerTimes, chain: Chain) -> Iterator[LagCost]:
    after = min(asked.speakers, _LAG_SPEAKERS)
    most = 4 * math.ceil(after * asked.talk / times.speed)
    scaling = Autoscaler(target_s=Autoscaler().target_s * times.slots, most=most)
    for start_s in asked.lags:
        before = Speakers(after // 2, 0.0, talk=asked.talk)
        yield lag_cost(before, after, times, chain, replace(scaling, start_s=start_s))


def lag_cost(before: Speakers, after: int, times: WorkerTimes, chain: Chain, scaling: Autoscaler) -> LagCost:
    """Simulate a step from the speakers of ``before`` to ``after`` speakers."""
    lasting = replace(before, seconds=_STEP_AT_S + _AFTER_S)
    more = Speakers(after - before.count, _AFTER_S, seed=before.seed + 1, talk=before.talk, from_s=_STEP_AT_S)
    start = math.ceil(before.count * before.talk / times.speed)
    return _cost(simulate(spoken(lasting, more), times, start, chain, scaling), scaling.start_s)


def _cost(outcome: SimulationOutcome, start_s: float) -> LagCost:
    settled = [one for one in outcome.segments if _STEP_AT_S / 2 <= one.ended_s < _STEP_AT_S]
    usual = SimulationOutcome(settled).waits()
    later = outcome.waits(_STEP_AT_S)
    late_s = (usual.p95 or 0.0) / 1000 + _LATE_S
    after = [one for one in outcome.segments if one.ended_s >= _STEP_AT_S]
    over = [one.ended_s - _STEP_AT_S for one in after if one.wait_s > late_s]
    return LagCost(
        start_s=start_s,
        workers=outcome.workers_at(_STEP_AT_S),
        usual_p95_ms=usual.p95 or 0.0,
        p50_ms=later.p50 or 0.0,
        p95_ms=later.p95 or 0.0,
        longest_ms=later.most or 0.0,
        over_s=round(max(over, default=0.0), 1),
        most_workers=max(count for _, count in outcome.workers),
        last_workers=outcome.workers_at(math.inf),
        idle_share=round(1 - outcome.utilisation, 3),
    )


def describe_forecast(found: Forecast) -> str:
    """Format the forecast for a terminal."""
    need, wait, price = found.sizing, found.waits, ""
    if need.per_hour is not None:
        price = f"\nPrice: {need.per_hour:,.2f} per hour, {need.per_spoken_hour:.5f} per hour of speech."
    waited = "no segment ended in the simulated time"
    if wait.p50 is not None:
        waited = f"p50 {wait.p50:g} ms, p95 {wait.p95:g} ms, p99 {wait.p99:g} ms"
    limits = "\n".join(f"  one {limit.part}: {limit.speakers:,}" for limit in need.limits)
    lines = [
        f"Speakers: {need.speakers:,}, who speak {need.talk:.1%} of the time. Kept free: {need.headroom:.0%}.",
        f"Workers: {need.workers:,}, each {need.worker_speed:g} s of audio per second.",
        f"Processes of gateways: {need.gateways:,}, each {need.gateway_mb:,.0f} MB. Shards: {need.shards:,}.",
        f"History databases, where a history is kept: {need.databases:,}.",
        f"Rates: {need.segments_per_s:,.0f} segments/s; {need.client_gbit_per_s:g} Gbit/s from clients, "
        f"{need.broker_gbit_per_s:g} Gbit/s through shards, {need.journal_mb_per_s:g} MB/s to the disk of each.",
        f"Reading the status of all workers: {need.status_share:.1%} of a core of the broker.{price}",
        f"Speakers that one of each can serve, the smallest number first:\n{limits}",
        f"Simulated speakers: {found.simulated:,}. From the end of a segment to its text: {waited}.",
        *(_lag_words(lag) for lag in found.lags),
    ]
    return "\n".join(lines)


def _lag_words(lag: LagCost) -> str:
    return (
        f"Speakers double, a worker starts in {lag.start_s:g} s: p95 {lag.p95_ms / 1000:.1f} s "
        f"(before: {lag.usual_p95_ms / 1000:.1f} s), longest {lag.longest_ms / 1000:.1f} s, "
        f"over after {lag.over_s:g} s; workers: {lag.workers} before, {lag.most_workers} at most."
    )
