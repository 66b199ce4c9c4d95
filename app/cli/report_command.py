"""Implement ``kikipounamu report``: save information for troubleshooting in one file, without speech."""

import time
from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import print_json
from runtime.command_line import AsJson
from runtime.terminal import printable, say


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

    from app.diagnostics.checks import active_settings  # the module that writes settings needs the desktop extra
    from app.diagnostics.report.report import Sources, gather, save
    from app.diagnostics.report.view import suggested_name
    from app.settings.path import settings_place

    found = await asyncio.to_thread(active_settings.read, settings_place())
    parts = await gather(Sources(found.settings))
    place = to or Path(suggested_name(time.time()))
    await asyncio.to_thread(save, parts, place)
    if as_json:
        listed = [{"name": part.name, "bytes": len(part.content)} for part in parts]
        print_json({"file": str(place), "parts": listed})
        return 0
    for part in parts:
        say(f"{part.name}  {len(part.content):,} bytes")
    say(f"saved as {printable(str(place))}")
    return 0
