"""Runner of the commands: finds the gateway, runs a scenario with live progress, writes its report, exits."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import typer
from rich.console import Console

from client.connection import Locate
from client.errors import GatewayError, Refused
from loadtest.core.errors import AddressRefused, LoadTestError
from loadtest.core.gateway import local_process, locator
from loadtest.core.load_process import run_loop
from loadtest.reports.progress import progress
from loadtest.reports.report import doubt, prepare, write_report
from loadtest.reports.run import Run
from runtime.command_line import exit_on
from runtime.folders import folders
from runtime.logs import logging_to
from runtime.terminal import say

_INTERRUPTED = 130

Show = Callable[[Run], None]
Where = tuple[str, str, str]
"""Gateway, key and digest of the certificate, as given on the command line."""


@contextmanager
def command(level: str = "WARNING") -> Iterator[None]:
    """Run a command: log ``level`` and above to its file; print the reason of a failure, exit with its status."""
    logs = logging_to("loadtest", folders().logs, level=level, terminal=False)
    with logs, exit_on(LoadTestError, GatewayError):
        yield


def reachable(gateway: str, key: str, certificate: str) -> Locate:
    """Return the locator of the gateway. Raises ``AddressRefused``, or ``GatewayError`` if there is none."""
    try:
        locate = locator(gateway, key, certificate)
    except Refused as error:
        raise AddressRefused(str(error)) from error
    locate()
    return locate


def run_scenario(
    name: str,
    plan: msgspec.Struct,
    where: Where,
    scenario: Callable[[Run], Coroutine[Any, Any, None]],
    report: Path | None,
    expect_refusals: bool = False,
) -> None:
    """Run a scenario with live progress; print its figures in any case, and write them to ``report``."""
    with command():
        run = Run(name, msgspec.to_builtins(plan), reachable(*where), local_process(where[0]))
        run_and_report(run, lambda show: run.play(scenario(run), show), report, expect_refusals)


def run_and_report(
    run: Run, play: Callable[[Show], Coroutine[Any, Any, None]], folder: Path | None, expect_refusals: bool
) -> NoReturn:
    """Play a run with live progress, print its figures and write its report in any case, and exit."""
    if folder is not None:
        prepare(folder)
    try:
        with progress(Console(stderr=True)) as show:
            finished = run_loop(play(show))
    finally:
        done = run.report(expect_refusals)
        promises = {"promises": msgspec.to_builtins(done.promises)} if done.promises else {}
        print_json(promises | msgspec.to_builtins(done.figures))
        if why := doubt(done.figures):
            say(why, err=True)
        if folder is not None:
            write_report(folder, done)
    raise typer.Exit(_INTERRUPTED if not finished else 0 if done.passed else 1)


def print_json(value: object) -> None:
    """Write a value to standard output as indented JSON."""
    say(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
