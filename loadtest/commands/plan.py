"""Command that estimates the hardware for speakers: ``plan``."""

import asyncio
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from client.connection import Locate
from loadtest.capacity.calibration import estimate, read_calibration
from loadtest.capacity.fleet import Need, ask_fleet, describe_need, need
from loadtest.capacity.forecast import Forecast, ForecastInput, describe_forecast, forecast
from loadtest.capacity.simulation import WorkerTimes
from loadtest.capacity.sizing import UnitCosts, with_changes
from loadtest.commands.options import DAY_S, Certificate, Gateway, Key
from loadtest.commands.runner import command, reachable
from runtime import command_line
from runtime.terminal import say

Rtf = Annotated[
    float | None,
    typer.Option(min=0.000001, max=1_000.0, help="Real-time factor of a worker. [default: the gateway's]"),
]
Lag = Annotated[
    list[float] | None,
    typer.Option(min=0.0, max=DAY_S, help="Seconds until a new worker is ready; repeatable."),
]


def plan(  # noqa: PLR0913 - typer: an option is a parameter
    streams: Annotated[
        int, typer.Option("--speakers", "--streams", min=1, max=10_000_000, help="Number of parallel speakers.")
    ],
    talk: Annotated[float, typer.Option(min=0.01, max=1.0, help="Fraction of time with speech.")] = 1.0,
    headroom: Annotated[float, typer.Option(min=0.0, max=0.9, help="Fraction of the fleet to keep free.")] = 0.3,
    rtf: Rtf = None,
    slots: Annotated[int, typer.Option(min=1, max=10_000, help="Segments per call of a worker.")] = 1,
    share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Relative cost of each further segment of a call.")
    ] = 1.0,
    report: Annotated[
        Path | None, typer.Option(help="report.json of a run of `streams`, whose measured times are used.")
    ] = None,
    lag: Lag = None,
    assume: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Another cost or price; an unknown NAME lists all names."),
    ] = None,
    as_json: command_line.AsJson = False,
    gateway: Gateway = "",
    key: Key = "",
    certificate: Certificate = "",
) -> None:
    """Estimate what the given speakers need, and simulate their waits.

    The workers are as fast as those of a gateway, as those of a report, or as --rtf says. With --rtf or --report
    no gateway is queried. Exit status 0 only if the workers of the gateway are enough.
    """
    with command("INFO"):
        asked = ForecastInput(streams, talk, headroom, tuple(lag or ()))
        costs = with_changes(UnitCosts(), assume or ())
        known = read_calibration(report) if report else estimate(WorkerTimes(rtf, slots, share)) if rtf else None
        found = None if known else _ask(asked, reachable(gateway, key, certificate))
        if found and found.speed:
            known = estimate(WorkerTimes(1 / found.speed))
        _print(found, forecast(asked, known, costs) if known else None, as_json)
    raise typer.Exit(0 if found is None or found.enough else 1)


def _ask(asked: ForecastInput, locate: Locate) -> Need:
    return need(asked.speakers, asyncio.run(ask_fleet(locate())), asked.talk, asked.headroom)


def _print(need: Need | None, forecast: Forecast | None, as_json: bool) -> None:
    if as_json:
        known = msgspec.to_builtins(need) if need else {}
        say(msgspec.json.encode(known | ({"forecast": forecast} if forecast else {})).decode())
        return
    paragraphs = [describe_need(need)] if need else []
    paragraphs += [describe_forecast(forecast)] if forecast else []
    say("\n\n".join(paragraphs))
