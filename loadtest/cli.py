"""``kikipounamu-loadtest``: load for a gateway whose workers run the checksum engine."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from client.connection import Locate
from client.errors import GatewayError
from loadtest.attacks import Attack
from loadtest.crew import run_crew
from loadtest.gateways import local_process, located, run_loop
from loadtest.herd import Herd, HerdState, run_herd
from loadtest.hostile import Hostile, run_hostile
from loadtest.planning import ask_fleet, need, words
from loadtest.progress import progress
from loadtest.report import STRAINED, NoReport, prepare, write_report
from loadtest.run import Report, Run
from loadtest.sessions import SessionPlan, run_sessions
from loadtest.streams import Streams, run_streams
from runtime import command_line
from runtime.folders import folders
from runtime.logs import logging_to
from runtime.terminal import say

app = command_line.group("Generate load for a gateway.", add_completion=True)

_INTERRUPTED = 130

Gateway = Annotated[str, typer.Option(help="https://HOST:PORT [default: the local gateway]")]
Key = Annotated[str, typer.Option(envvar="KIKIPOUNAMU_KEY", help="Key of the gateway.")]
Certificate = Annotated[
    str,
    typer.Option("--certificate-sha256", help="SHA-256 of the gateway's certificate, if it is self-signed."),
]
Seed = Annotated[int, typer.Option(help="Seed of the random audio.")]
ReportIn = Annotated[Path | None, typer.Option("--report", help="Folder for report.json and report.html.")]
ExpectRefusals = Annotated[
    bool, typer.Option("--expect-refusals", help="Do not count temporary refusals as failures.")
]


@app.callback()
def _program(version: command_line.Version = False) -> None:
    """Generate load for a gateway whose workers run `kikipounamu-worker run --engine checksum`."""


@app.command()
def sessions(  # noqa: PLR0913 - typer: an option is a parameter
    count: Annotated[int, typer.Option(min=1, help="Number of parallel sessions.")] = 20,
    seconds: Annotated[float, typer.Option(min=0.001, help="Seconds of audio per session.")] = 30.0,
    pace: Annotated[float, typer.Option(min=0.0, help="Speed: 1: real time; 0: as fast as possible.")] = 1.0,
    seed: Seed = 1,
    gateway: Gateway = "",
    key: Key = "",
    certificate: Certificate = "",
) -> None:
    """Stream noise in many sessions and check every digest.

    Prints a JSON summary; exit status 0 only if it is flawless.
    """
    with logging_to("loadtest", folders().logs, terminal=False), _told():
        locate = _located(gateway, key, certificate)
        summary = asyncio.run(run_sessions(SessionPlan(count, seconds, pace, seed), locate))
    say(msgspec.json.format(msgspec.json.encode(summary), indent=2).decode())
    raise typer.Exit(0 if summary.flawless else 1)


@app.command()
def streams(  # noqa: PLR0913 - typer: an option is a parameter
    count: Annotated[int, typer.Option(min=1, help="Number of parallel speakers.")] = 500,
    minutes: Annotated[float, typer.Option(min=0.001, help="Minutes of load after the ramp.")] = 5.0,
    ramp: Annotated[float, typer.Option(min=0.0, help="Seconds until all are connected.")] = 10.0,
    partials: Annotated[bool, typer.Option("--partials/--no-partials", help="Request partials.")] = False,
    processes: Annotated[int, typer.Option(min=1, help="Number of load processes.")] = 1,
    patience: Annotated[
        float, typer.Option(min=0.0, help="Seconds without a result until a segment counts as lost.")
    ] = 300.0,
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

    _play("streams", plan, (gateway, key, certificate), scenario, (report, expect_refusals))


@app.command()
def herd(  # noqa: PLR0913 - typer: an option is a parameter
    clients: Annotated[int, typer.Option(min=1, help="Number of clients.")] = 2000,
    ramp: Annotated[float, typer.Option(min=0.0, help="Seconds until all are connected.")] = 30.0,
    settle: Annotated[
        float, typer.Option(min=0.0, help="Disconnect after this many seconds without a new client.")
    ] = 5.0,
    spread: Annotated[
        float, typer.Option(min=0.0, help="Clients reconnect after one to two times this many seconds.")
    ] = 5.0,
    patience: Annotated[float, typer.Option(min=0.0, help="Seconds until a client gives up.")] = 300.0,
    seed: Seed = 1,
    gateway: Gateway = "",
    key: Key = "",
    certificate: Certificate = "",
    report: ReportIn = None,
    expect_refusals: ExpectRefusals = False,
) -> None:
    """Cut all connections at once, then measure how fast clients return and whether anything is lost.

    Exit status 0 only if all clients returned, every segment was answered once and correctly, and none was
    refused.
    """
    plan = Herd(clients, ramp, settle, spread, patience, seed)

    async def scenario(run: Run) -> None:
        meeting = HerdState(run.recorder)
        try:
            await run_herd(plan, run.locate, meeting)
        finally:
            run.back = meeting.back()

    _play("herd", plan, (gateway, key, certificate), scenario, (report, expect_refusals))


@app.command()
def hostile(  # noqa: PLR0913 - typer: an option is a parameter
    hostile_key: Annotated[
        str, typer.Option(envvar="KIKIPOUNAMU_HOSTILE_KEY", help="Key of the attacker; must differ from --key.")
    ],
    speakers: Annotated[int, typer.Option(min=1, help="Number of speakers during the attack.")] = 5,
    seconds: Annotated[
        float, typer.Option(min=0.1, help="Seconds of measurement, without and with each attack.")
    ] = 30.0,
    pace: Annotated[float, typer.Option(min=0.01, help="Speed: 1: real time; less is faster.")] = 0.5,
    connections: Annotated[int, typer.Option(min=1, help="Parallel connections of the attacker.")] = 1,
    attack: Annotated[list[Attack] | None, typer.Option(help="Run only this attack; repeatable.")] = None,
    most: Annotated[float, typer.Option(min=1.0, help="Allowed slowdown factor.")] = 2.0,
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
    with logging_to("loadtest", folders().logs, terminal=False), _told():
        siege = asyncio.run(run_hostile(plan, _located(gateway, key, certificate), hostile_key))
    say(msgspec.json.format(msgspec.json.encode(siege), indent=2).decode())
    raise typer.Exit(0 if siege.passed else 1)


@app.command()
def plan(  # noqa: PLR0913 - typer: an option is a parameter
    streams: Annotated[int, typer.Option(min=1, help="Number of parallel streams.")],
    talk: Annotated[float, typer.Option(min=0.01, max=1.0, help="Fraction of time with speech.")] = 1.0,
    headroom: Annotated[float, typer.Option(min=0.0, max=0.9, help="Fraction of the fleet to keep free.")] = 0.3,
    as_json: command_line.AsJson = False,
    gateway: Gateway = "",
    key: Key = "",
    certificate: Certificate = "",
) -> None:
    """Estimate how many workers like those of a gateway the given speakers need.

    Exit status 0 only if the gateway has enough.
    """
    with logging_to("loadtest", folders().logs, terminal=False), _told():
        fleet = asyncio.run(ask_fleet(_located(gateway, key, certificate)()))
    found = need(streams, fleet, talk, headroom)
    say(msgspec.json.encode(found).decode() if as_json else words(found))
    raise typer.Exit(0 if found.enough else 1)


def _play(
    name: str,
    plan: msgspec.Struct,
    where: tuple[str, str, str],
    scenario: Callable[[Run], Coroutine[Any, Any, None]],
    wanted: tuple[Path | None, bool],
) -> None:
    """Run a scenario, show its progress, and write a report of it in any case."""
    folder, expect_refusals = wanted
    with logging_to("loadtest", folders().logs, level="WARNING", terminal=False), _told():
        locate = _located(*where)
        if folder is not None:
            prepare(folder)
        run = Run(name, msgspec.to_builtins(plan), locate, local_process(where[0]))
        try:
            with progress(Console(stderr=True)) as show:
                finished = run_loop(run.play(scenario(run), show))
        finally:
            done = run.report(expect_refusals)
            _show(done)
            if folder is not None:
                write_report(folder, done)
    raise typer.Exit(_INTERRUPTED if not finished else 0 if done.passed else 1)


def _show(report: Report) -> None:
    say(msgspec.json.format(msgspec.json.encode(report.figures), indent=2).decode())
    if report.figures.strained:
        say(STRAINED, err=True)


def _located(gateway: str, key: str, certificate: str) -> Locate:
    """Return the gateway's locator. Raises ``GatewayError`` if there is no gateway."""
    locate = located(gateway, key, certificate)
    locate()
    return locate


@contextmanager
def _told() -> Iterator[None]:
    """Print the reason for a failure and end the program."""
    try:
        yield
    except (GatewayError, NoReport) as error:
        say(str(error), err=True)
        raise typer.Exit(1) from None


def main() -> None:
    """Run the console script."""
    app()
