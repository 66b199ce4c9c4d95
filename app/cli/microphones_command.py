"""Implement ``kikipounamu microphones``: list microphones and show the level of one."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Table
from rich.text import Text

from app.cli.options import Microphone
from app.core.console import Console
from app.core.errors import AppError
from runtime.terminal import printable, say

if TYPE_CHECKING:
    from app.capture.devices import Input
    from app.capture.portaudio import SoundSystem

_LOWEST_DBFS: Final = -60.0
_BAR: Final = 40


def microphones(
    level: Annotated[bool, typer.Option("--level", help="Show the input level for some seconds.")] = False,
    microphone: Microphone = "",
    seconds: Annotated[
        float, typer.Option(min=0.1, max=3600.0, metavar="S", help="Duration of --level in seconds.")
    ] = 10.0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List microphones; a star marks the system's default.

    Nothing is recorded.
    """
    try:
        if level:
            asyncio.run(show_level(microphone, seconds))
        else:
            _list(asyncio.run(_inputs()), microphone, json)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except AppError as error:
        say(str(error), err=True)
        raise typer.Exit(1) from error


def _list(inputs: "list[Input]", choice: str, json: bool) -> None:
    from app.capture.device_listing import encode
    from app.capture.devices import listed

    if json:
        say(encode(inputs).decode())
        return
    table = Table(box=None, pad_edge=False)
    for column in ("", "name", "rate", "by"):
        table.add_column(column, no_wrap=True)
    for device in listed(inputs, choice):
        star = "*" if device.default else ""
        table.add_row(star, printable(device.name), f"{device.rate} Hz", printable(device.interface))
    Console().print(table)


async def _inputs() -> "list[Input]":
    from app.capture.desktop_sound import sound_system

    return await sound_system().inputs()


async def show_level(choice: str, seconds: float, system: "SoundSystem | None" = None) -> None:
    """Draw the level of the chosen microphone, then print a summary. Raises ``MicrophoneError``."""
    from app.capture.microphone import open_microphone

    console = Console(stderr=True)
    loudest = _LOWEST_DBFS
    async with open_microphone(choice, system=system) as microphone:
        asyncio.get_running_loop().call_later(seconds, microphone.stop)
        with console.status(Text(printable(microphone.device))) as status:
            async for _ in microphone.blocks():
                loudest = max(loudest, microphone.level_dbfs)
                status.update(bar(microphone.level_dbfs))
        what = f"at most {loudest:.0f} dBFS" if loudest > _LOWEST_DBFS else "only silence: is it muted?"
        say(f"{printable(microphone.device)}: {what}, overflows: {microphone.overflows}")


def bar(level_dbfs: float) -> str:
    """Draw a level bar that is full at 0 dBFS and empty at -60."""
    share = min(1.0, max(0.0, 1 - level_dbfs / _LOWEST_DBFS))
    return f"{'#' * round(share * _BAR):<{_BAR}} {level_dbfs:6.1f} dBFS"
