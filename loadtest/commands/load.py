"""Commands that simulate speakers: ``sessions``, ``streams`` and ``herd``."""

import asyncio
import time
from typing import Annotated

import typer

from loadtest.commands.options import (
    DAY_S,
    MOST_SPEAKERS,
    Certificate,
    ExpectRefusals,
    Gateway,
    Key,
    Partials,
    Patience,
    Ramp,
    ReportIn,
    Seed,
)
from loadtest.commands.runner import command, print_json, reachable, run_scenario
from loadtest.reports.run import Run
from loadtest.scenarios.crew import run_crew
from loadtest.scenarios.herd import Herd, HerdState, run_herd
from loadtest.scenarios.sessions import SessionPlan, run_sessions, summary
from loadtest.scenarios.streams import Streams, run_streams


def sessions(  # noqa: PLR0913 - typer: an option is a parameter
    count: Annotated[int, typer.Option(min=1, max=MOST_SPEAKERS, help="Number of parallel sessions.")] = 20,
    seconds: Annotated[float, typer.Option(min=0.001, max=DAY_S, help="Seconds of audio per session.")] = 30.0,
    pace: Annotated[
        float, typer.Option(min=0.0, max=1_000.0, help="Speed: 1: real time; 0: as fast as possible.")
    ] = 1.0,
    seed: Seed = 1,
    gateway: Gateway = "",
    key: Key = "",
    certificate: Certificate = "",
) -> None:
    """Stream noise in many sessions and check every digest.

    Prints a JSON summary; exit status 0 only if it is flawless.
    """
    with command("INFO"):
        locate = reachable(gateway, key, certificate)
        began = time.monotonic()
        tally = asyncio.run(run_sessions(SessionPlan(count, seconds, pace, seed), locate))
    print_json(summary(tally, time.monotonic() - began))
    raise typer.Exit(0 if tally.flawless else 1)


def streams(  # noqa: PLR0913 - typer: an option is a parameter
    count: Annotated[int, typer.Option(min=1, max=MOST_SPEAKERS, help="Number of parallel speakers.")] = 500,
    minutes: Annotated[
        float, typer.Option(min=0.001, max=100_000.0, help="Minutes of load after the ramp.")
    ] = 5.0,
    ramp: Ramp = 10.0,
    partials: Partials = False,
    processes: Annotated[int, typer.Option(min=1, max=1_000, help="Number of load processes.")] = 1,
    patience: Patience = 300.0,
    seed: Seed = 1,
    gateway: Gateway = "",
    key: Key = "",
    certificate: Certificate = "",
    report: ReportIn = None,
    expect_refusals: ExpectRefusals = False,
) -> None:
    """Simulate live speakers, with pauses, and check every digest. Prints figures as JSON.

    Exit status 0 only if every segment was answered once and correctly, and no client was refused.
    """
    parts = min(processes, count)
    plan = Streams(count, minutes * 60, ramp, seed, partials, parts=parts, patience_s=patience)

    async def scenario(run: Run) -> None:
        run.full = (ramp, ramp + plan.seconds)
        if plan.parts == 1:
            await run_streams(plan, run.locate, run.recorder)
        else:
            address = run.locate() if gateway else None
            await run_crew(plan, address, run.recorder.zero, run.tally.absorb)

    run_scenario("streams", plan, (gateway, key, certificate), scenario, report, expect_refusals)


def herd(  # noqa: PLR0913 - typer: an option is a parameter
    clients: Annotated[int, typer.Option(min=1, max=MOST_SPEAKERS, help="Number of clients.")] = 2000,
    ramp: Ramp = 30.0,
    settle: Annotated[
        float, typer.Option(min=0.0, max=DAY_S, help="Disconnect after this many seconds without a new client.")
    ] = 5.0,
    spread: Annotated[
        float, typer.Option(min=0.0, max=DAY_S, help="Clients reconnect after one to two times this many seconds.")
    ] = 5.0,
    patience: Annotated[float, typer.Option(min=0.0, max=DAY_S, help="Seconds until a client gives up.")] = 300.0,
    seed: Seed = 1,
    gateway: Gateway = "",
    key: Key = "",
    certificate: Certificate = "",
    report: ReportIn = None,
    expect_refusals: ExpectRefusals = False,
) -> None:
    """Cut all connections at once, then measure how fast clients reconnect and whether anything is lost.

    Exit status 0 only if all clients returned, every segment was answered once and correctly, and none was
    refused.
    """
    plan = Herd(clients, ramp, settle, spread, patience, seed)

    async def scenario(run: Run) -> None:
        state = HerdState(run.recorder)
        try:
            await run_herd(plan, run.locate, state)
        finally:
            run.back = state.reconnection()

    run_scenario("herd", plan, (gateway, key, certificate), scenario, report, expect_refusals)
