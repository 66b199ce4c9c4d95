"""Frame of a command: find the gateway, run the scenario with live progress, write its report, end."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import typer
from rich.console import Console

from client.connection import Locate
from client.errors import GatewayError
from loadtest.capacity.errors import CapacityError
from loadtest.chaos.errors import ChaosError
from loadtest.core.gateways import local_process, located, run_loop
from loadtest.reports.progress import progress
from loadtest.reports.report import STRAINED, NoReport, prepare, write_report
from loadtest.reports.run import Report, Run
from runtime.folders import folders
from runtime.logs import logging_to
from runtime.terminal import say

_INTERRUPTED = 130

Show = Callable[[Run], None]


def play(
    name: str,
    plan: msgspec.Struct,
    where: tuple[str, str, str],
    scenario: Callable[[Run], Coroutine[Any, Any, None]],
    wanted: tuple[Path | None, bool],
) -> None:
    """Run a scenario, show its progress, and write a report of it in any case.

    ``where``: gateway, key and digest of the certificate. ``wanted``: folder of the report, and whether refusals
    are expected.
    """
    with logging_to("loadtest", folders().logs, level="WARNING", terminal=False), told():
        run = Run(name, msgspec.to_builtins(plan), reachable(*where), local_process(where[0]))
        play_run(run, lambda show: run.play(scenario(run), show), wanted)


def play_run(
    run: Run, playing: Callable[[Show], Coroutine[Any, Any, None]], wanted: tuple[Path | None, bool]
) -> NoReturn:
    """Play a run, show its progress, write its report in any case, and end the program."""
    folder, expect_refusals = wanted
    if folder is not None:
        prepare(folder)
    try:
        with progress(Console(stderr=True)) as show:
            finished = run_loop(playing(show))
    finally:
        done = run.report(expect_refusals)
        _show(done)
        if folder is not None:
            write_report(folder, done)
    raise typer.Exit(_INTERRUPTED if not finished else 0 if done.passed else 1)


def _show(report: Report) -> None:
    shown = msgspec.to_builtins(report.figures)
    if report.promises:
        shown = {"promises": msgspec.to_builtins(report.promises), **shown}
    say(msgspec.json.format(msgspec.json.encode(shown), indent=2).decode())
    if report.figures.strained:
        say(STRAINED, err=True)


def reachable(gateway: str, key: str, certificate: str) -> Locate:
    """Return the gateway's locator. Raises ``GatewayError`` if there is no gateway."""
    locate = located(gateway, key, certificate)
    locate()
    return locate


@contextmanager
def told() -> Iterator[None]:
    """Print the reason for a failure and end the program."""
    try:
        yield
    except (CapacityError, ChaosError, GatewayError, NoReport) as error:
        say(str(error), err=True)
        raise typer.Exit(1) from None
