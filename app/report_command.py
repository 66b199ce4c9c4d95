"""``kikipounamu report``: what whoever helps needs to know, in one file that has no speech in it."""

import time
from pathlib import Path
from typing import Annotated

import typer

from runtime.terminal import printable, say


def report(
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to. [default: a new file here]")] = None,
) -> None:
    """Save a report of how things stand: versions, settings, states, logs. No speech, texts or keys are in it."""
    from app import process

    process.run("kikipounamu", lambda: write(to))


async def write(to: Path | None) -> int:
    """Gather, save, and tell what is in it. Raises ``AppError``."""
    import asyncio

    from app.doctor import chosen  # what writes settings is a part of the desktop extra
    from app.help.report import Sources, gather, save
    from app.help.view import suggested_name
    from app.settings.place import settings_place

    found = await asyncio.to_thread(chosen.read, settings_place())
    parts = await gather(Sources(found.settings))
    place = to or Path(suggested_name(time.time()))
    await asyncio.to_thread(save, parts, place)
    for part in parts:
        say(f"{part.name}  {len(part.content):,} bytes")
    say(f"saved as {printable(str(place))}")
    return 0
