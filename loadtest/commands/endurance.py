"""Commands that test a gateway under much load, or for long: ``idle``, ``long``, ``burst`` and ``soak``."""

import asyncio
import math
from typing import Annotated, Final

import typer

from loadtest.capacity.fleet import speakers_carried
from loadtest.commands.options import (
    DAY_S,
    MOST_SPEAKERS,
    Certificate,
    Gateway,
    Key,
    Patience,
    Ramp,
    ReportIn,
    Seed,
)
from loadtest.commands.runner import Where, command, reachable, run_scenario
from loadtest.reports.run import Run
from loadtest.scenarios import burst as burst_scenario
from loadtest.scenarios import idle as idle_scenario
from loadtest.scenarios import long as long_scenario
from loadtest.scenarios import soak as soak_scenario

_MOST_SAMPLES: Final = 3_600

Count = Annotated[
    int,
    typer.Option(min=0, max=MOST_SPEAKERS, help="Number of speakers; 0: by the measured speed of the workers."),
]
AllowedPercent = Annotated[
    float, typer.Option(min=0.0, max=100_000.0, help="Allowed CPU of the gateway, % of a core.")
]
AllowedKb = Annotated[float, typer.Option(min=0.0, max=1_000_000.0, help="Allowed memory per connection, KB.")]


def idle(  # noqa: PLR0913 - typer: an option is a parameter
    silent: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Number of sessions that send no audio.")
    ] = 1000,
    lorises: Annotated[int, typer.Option(min=0, max=100_000, help="Number of requests that never end.")] = 200,
    seconds: Annotated[float, typer.Option(min=1.0, max=DAY_S, help="Seconds of measurement.")] = 60.0,
    ramp: Ramp = 10.0,
    speakers: Annotated[
        int, typer.Option(min=1, max=MOST_SPEAKERS, help="Number of people who speak after the measurement.")
    ] = 5,
    most_percent: AllowedPercent = 2.0,
    most_kb: AllowedKb = 64.0,
    seed: Seed = 1,
    gateway: Gateway = "",
    key: Key = "",
    certificate: Certificate = "",
    report: ReportIn = None,
) -> None:
    """Keep silent sessions and endless requests open; measure CPU and memory, then also simulate speakers.

    Exit status 0 only if every promise is kept.
    """
    plan = idle_scenario.Idle(
        silent,
        lorises,
        seconds,
        ramp,
        speakers=speakers,
        seed=seed,
        most_percent=most_percent,
        most_kb=most_kb,
    )

    async def scenario(run: Run) -> None:
        state = idle_scenario.IdleState(run.recorder)
        run.counts = state.counts
        run.judge = lambda run, found: idle_scenario.judge(plan, found, state, run.usages)
        await idle_scenario.run_idle(plan, run.locate, state)

    run_scenario("idle", plan, (gateway, key, certificate), scenario, report)


def long(  # noqa: PLR0913 - typer: an option is a parameter
    hours: Annotated[float, typer.Option(min=0.001, max=1_000.0, help="Hours of audio, pauses included.")] = 3.0,
    pace: Annotated[
        float, typer.Option(min=0.001, max=1_000.0, help="Speed: 1: real time; less is faster.")
    ] = 0.1,
    cuts: Annotated[int, typer.Option(min=0, max=10_000, help="Number of times that the connection breaks.")] = 3,
    seed: Seed = 1,
    gateway: Gateway = "",
    key: Key = "",
    certificate: Certificate = "",
    report: ReportIn = None,
) -> None:
    """Simulate hours of speech in one session whose connection breaks; check all digests and the delay at the end.

    Exit status 0 only if every promise is kept.
    """
    plan = long_scenario.Long(hours, pace, cuts, seed)

    async def scenario(run: Run) -> None:
        run.judge = lambda run, found: long_scenario.judge(plan, found, run.tally.ended, run.tally.connects)
        await long_scenario.run_long(plan, run.locate, run.recorder)

    run_scenario("long", plan, (gateway, key, certificate), scenario, report)


def burst(  # noqa: PLR0913 - typer: an option is a parameter
    times: Annotated[
        float,
        typer.Option(min=0.1, max=1_000.0, help="Speakers, as a multiple of those that the fleet can serve."),
    ] = 10.0,
    count: Count = 0,
    seconds: Annotated[
        float, typer.Option(min=0.1, max=DAY_S, help="Seconds of speech of each, with pauses.")
    ] = 60.0,
    ramp: Annotated[float, typer.Option(min=0.0, max=DAY_S, help="Seconds until all are connected.")] = 20.0,
    patience: Patience = 3600.0,
    seed: Seed = 1,
    gateway: Gateway = "",
    key: Key = "",
    certificate: Certificate = "",
    report: ReportIn = None,
) -> None:
    """Simulate far more speakers than the workers can serve; wait for all texts; check digests and refusals.

    Exit status 0 only if every promise is kept.
    """
    where = (gateway, key, certificate)
    able = 0.0 if count else _capacity(where)
    plan = burst_scenario.Burst(count or math.ceil(able * times), able, seconds, ramp, seed, patience_s=patience)

    async def scenario(run: Run) -> None:
        after, run.full = burst_scenario.Aftermath(), (0.0, ramp + seconds)
        run.judge = lambda run, found: burst_scenario.judge(found, after)
        await burst_scenario.run_burst(plan, run.locate, run.recorder, after)

    run_scenario("burst", plan, where, scenario, report, expect_refusals=True)


def soak(  # noqa: PLR0913 - typer: an option is a parameter
    minutes: Annotated[
        float, typer.Option(min=0.1, max=100_000.0, help="Minutes of load after the ramp.")
    ] = 120.0,
    load: Annotated[
        float, typer.Option(min=0.01, max=1.0, help="Share of the load that the workers can serve.")
    ] = 0.8,
    count: Count = 0,
    warm: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=100_000.0, help="Minutes at the start that are not judged. [default: half of them]"
        ),
    ] = None,
    growth: Annotated[
        float,
        typer.Option(min=0.0, max=1_000_000.0, help="MB per hour by which a program may grow, beside noise."),
    ] = 2.0,
    seed: Seed = 1,
    gateway: Gateway = "",
    key: Key = "",
    certificate: Certificate = "",
    report: ReportIn = None,
) -> None:
    """Load a gateway for hours with speakers who come and go; check digests and the growth of memory.

    Exit status 0 only if every promise is kept and nobody was refused.
    """
    where = (gateway, key, certificate)
    places = count or max(1, math.floor(_capacity(where) * load))
    warm_s = 60 * (minutes / 2 if warm is None else warm)
    plan = soak_scenario.Soak(places, minutes * 60, warm_s=warm_s, seed=seed, most_mb_per_hour=growth)

    async def scenario(run: Run) -> None:
        run.full = (plan.warm_s, plan.ramp_s + plan.seconds)
        run.every_s = max(1.0, plan.seconds / _MOST_SAMPLES)
        run.judge = lambda run, found: soak_scenario.judge(plan, found, run.usages)
        await soak_scenario.run_soak(plan, run.locate, run.recorder)

    run_scenario("soak", plan, where, scenario, report)


def _capacity(where: Where) -> float:
    """Return how many speakers the fleet can serve."""
    with command():
        return round(asyncio.run(speakers_carried(reachable(*where))), 1)
