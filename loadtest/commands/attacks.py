"""Commands that abuse a gateway: ``hostile`` and ``fuzz``."""

import asyncio
from functools import partial
from typing import Annotated

import typer

from loadtest.commands.options import DAY_S, MOST_SEED, MOST_SPEAKERS, Certificate, Gateway, Key, ReportIn, Seed
from loadtest.commands.runner import command, print_json, reachable, run_scenario
from loadtest.measurement.log_watch import LogWatch
from loadtest.reports.run import Run
from loadtest.scenarios.attacks import Attack
from loadtest.scenarios.fuzz import Fuzz, FuzzState, judge, run_fuzz
from loadtest.scenarios.fuzzing.wires import Wire
from loadtest.scenarios.hostile import Hostile, run_hostile
from runtime.folders import folders
from runtime.terminal import say


def hostile(  # noqa: PLR0913 - typer: an option is a parameter
    hostile_key: Annotated[
        str, typer.Option(envvar="KIKIPOUNAMU_HOSTILE_KEY", help="Key of the attacker; must differ from --key.")
    ],
    speakers: Annotated[
        int, typer.Option(min=1, max=MOST_SPEAKERS, help="Number of speakers during the attack.")
    ] = 5,
    seconds: Annotated[
        float, typer.Option(min=0.1, max=DAY_S, help="Seconds of measurement, without and with each attack.")
    ] = 30.0,
    pace: Annotated[float, typer.Option(min=0.01, max=1_000.0, help="Speed: 1: real time; less is faster.")] = 0.5,
    connections: Annotated[
        int, typer.Option(min=1, max=100_000, help="Parallel connections of the attacker.")
    ] = 1,
    attack: Annotated[list[Attack] | None, typer.Option(help="Run only this attack; repeatable.")] = None,
    most: Annotated[float, typer.Option(min=1.0, max=1_000.0, help="Allowed slowdown factor.")] = 2.0,
    seed: Seed = 1,
    gateway: Gateway = "",
    key: Key = "",
    certificate: Certificate = "",
) -> None:
    """Simulate speakers while one key abuses the gateway; print latencies.

    Exit status 0 only if no speaker is affected.
    """
    chosen = tuple(attack) if attack else tuple(Attack)
    plan = Hostile(speakers, seconds, 3.0, pace, seed, connections, chosen, most)
    with command("INFO"):
        where = reachable(gateway, key, certificate)
        results = asyncio.run(run_hostile(plan, where, hostile_key, tell=partial(say, err=True)))
    print_json(results)
    raise typer.Exit(0 if results.passed else 1)


def fuzz(  # noqa: PLR0913 - typer: an option is a parameter
    messages: Annotated[int, typer.Option(min=1, max=1_000_000_000, help="Number of messages.")] = 1_000_000,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Seed of the messages.")] = 1,
    first: Annotated[
        int, typer.Option(min=0, max=1_000_000_000, help="Number of the first conversation, to repeat a fault.")
    ] = 0,
    connections: Annotated[int, typer.Option(min=1, max=100_000, help="Parallel connections.")] = 16,
    speakers: Annotated[int, typer.Option(min=1, max=MOST_SPEAKERS, help="Number of simulated speakers.")] = 2,
    wire: Annotated[Wire, typer.Option(help="Protocol of the messages.")] = Wire.OWN,
    wyoming_port: Annotated[int, typer.Option(min=1, max=65_535, help="TCP port of Wyoming.")] = 10_300,
    most_mb: Annotated[
        float, typer.Option(min=0.0, max=1_000_000.0, help="Allowed growth of the gateway's memory, MB.")
    ] = 256.0,
    hostile_key: Annotated[
        str,
        typer.Option(
            envvar="KIKIPOUNAMU_HOSTILE_KEY", help="Key of the messages. [default: that of the speakers]"
        ),
    ] = "",
    gateway: Gateway = "",
    key: Key = "",
    certificate: Certificate = "",
    report: ReportIn = None,
) -> None:
    """Send changed, disordered and broken messages and requests by seed, while simulated people speak.

    Exit status 0 only if every promise is kept.
    """
    plan = Fuzz(messages, seed, first, connections, speakers, most_mb=most_mb, wire=wire, port=wyoming_port)

    async def scenario(run: Run) -> None:
        state = FuzzState(LogWatch(folders().logs) if run.gateway else None)
        run.counts = state.counts
        run.judge = lambda run, found: judge(plan, found, state, run.usages)
        await run_fuzz(plan, run.locate, run.recorder, state, hostile_key)

    run_scenario("fuzz", plan, (gateway, key, certificate), scenario, report)
