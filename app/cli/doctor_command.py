"""Implement ``kikipounamu doctor``, which checks this computer, and ``kikipounamu report`` about it."""

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.completion import complete_engine
from app.cli.output import print_json
from runtime import terminal
from runtime.command_line import AsJson
from runtime.terminal import printable, say

if TYPE_CHECKING:
    from app.diagnostics.checks.all_checks import CheckOptions, ComputerSetup
    from app.diagnostics.checks.finding import Finding

OwnEngine = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        autocompletion=complete_engine,
        help="Engine for recognition if no model is chosen. [default: by your languages]",
    ),
]


def doctor(
    no_microphone: Annotated[
        bool, typer.Option("--no-microphone", help="List microphones without opening them.")
    ] = False,
    thorough: Annotated[bool, typer.Option("--thorough", help="Verify all bytes of the models.")] = False,
    json: AsJson = False,
    bundle: Annotated[
        Path | None,
        typer.Option(metavar="FILE.zip", help="Save the result with a help report, without speech."),
    ] = None,
    engine: OwnEngine = "",
    only_apart: Annotated[
        str, typer.Option("--apart", hidden=True, help="Internal: run one check in its own process.")
    ] = "",
) -> None:
    """Check microphone, models, server, recognition, keys and disk.

    Exit status 1 means that a problem was found. Nothing is recorded, typed, copied or changed.
    """
    import os
    import sys

    from app.core import process

    run = partial(process.run, "doctor", level="ERROR", terminal=True, in_files=False)
    if only_apart:
        run(lambda: examine_apart(only_apart, listens=not no_microphone))
    from app.diagnostics.checks.all_checks import CheckOptions, this_computer

    options = CheckOptions(engine or _engine_of_default(), thorough=thorough)
    if no_microphone:
        options = CheckOptions(options.engine, 0.0, thorough)
    computer = this_computer(sys.platform, os.environ)
    run(lambda: examine(options, computer, json=json, bundle=bundle))


def _engine_of_default() -> str:
    """Return the engine of the default model of this computer. Blocks briefly."""
    from app.models.engines import choose_default, engine_of
    from app.settings.languages import languages_now

    return engine_of(choose_default(languages_now("auto")).model)


async def examine(
    options: "CheckOptions", computer: "ComputerSetup", *, json: bool = False, bundle: Path | None = None
) -> int:
    """Run all checks, print the findings, save the bundle if requested, and return the exit status.

    Raises ``ReportNotSaved``.
    """
    from app.cli.words import texts
    from app.core.console import Console
    from app.core.sentences import Sentences
    from app.diagnostics.checks import output, runner
    from app.diagnostics.checks.all_checks import AllChecks

    say = Sentences() if json else texts()  # JSON is English in every language of the windows
    examinations = AllChecks(options, computer).examinations()
    areas = [one.area for one in examinations]
    with output.Listing(say, areas, Console(), quiet=json) as listing:
        found = await runner.examine(examinations, listing.show_area)
        listing.sum_up(found)
    if json:
        from importlib import metadata

        terminal.say(output.as_json(say, found, metadata.version("kikipounamu")))
    if bundle is not None:
        await save(found, computer, bundle)
        terminal.say(f"saved as {terminal.printable(str(bundle))}", err=json)
    return output.status(found)


async def examine_apart(area: str, *, listens: bool) -> int:
    """Run one check in this process, and write its findings for the parent process."""
    import sys

    from app.capture.desktop_sound import sound_system
    from app.core.daemon_thread import in_daemon_thread
    from app.diagnostics.checks import own_process, runner
    from app.diagnostics.checks.finding import Topic
    from app.settings.current import settings_now
    from runtime.folders import folders

    settings, _ = await in_daemon_thread(settings_now)
    choice, hear_s = settings.audio.microphone, own_process.HEAR_S if listens else 0.0
    examination = own_process.examination(
        Topic(area), choice, folders().models, sys.platform, hear_s, sound_system
    )
    found = await runner.examine([examination], lambda area, findings: None)
    typer.echo(runner.encode(found))
    return 0


async def save(found: "tuple[Finding, ...]", computer: "ComputerSetup", place: Path) -> None:
    """Save the report and these findings, without identifying details. Raises ``ReportNotSaved``."""
    import asyncio

    from app.core.sentences import Sentences
    from app.diagnostics.checks import redacted_findings as bundle
    from app.diagnostics.report.service import Sources, gather_report, save_report

    sources = Sources(computer.settings, places=computer.places)
    parts = await gather_report(sources)
    own = await asyncio.to_thread(bundle.part, Sentences(), found)
    await asyncio.to_thread(save_report, (*parts, own), place)


def report(
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Output file. [default: a new file in this folder]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Save a report for troubleshooting, without speech.

    It has versions, settings, states and logs, and no texts or keys.
    """
    from app.core import process

    process.run("kikipounamu", lambda: write(to, as_json=as_json))


async def write(to: Path | None, *, as_json: bool = False) -> int:
    """Collect and save the report, and list its parts. Raises ``AppError``."""
    import asyncio

    from app.diagnostics.report.service import Sources, gather_report, save_report
    from app.diagnostics.report.view import suggested_name
    from app.settings.current import settings_now

    settings, _ = await asyncio.to_thread(settings_now)
    parts = await gather_report(Sources(settings))
    place = to or Path(suggested_name(time.time()))
    await asyncio.to_thread(save_report, parts, place)
    if as_json:
        listed = [{"name": part.name, "bytes": len(part.content)} for part in parts]
        print_json({"file": str(place), "parts": listed})
        return 0
    for part in parts:
        say(f"{part.name}  {len(part.content):,} bytes")
    say(f"saved as {printable(str(place))}")
    return 0
