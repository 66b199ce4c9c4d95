"""Implement ``kikipounamu microphones``: list microphones and show the level of one."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from app.cli.options import Microphone
from app.cli.output import exit_on_error, print_json, print_table
from app.cli.words import texts
from app.core.states import LOWEST_DBFS
from runtime.command_line import AsJson
from runtime.terminal import printable, say

if TYPE_CHECKING:
    from app.capture.devices import Input
    from app.capture.portaudio import SoundSystem

_BAR: Final = 40


def microphones(
    level: Annotated[bool, typer.Option("--level", help="Show the input level for some seconds.")] = False,
    microphone: Microphone = "",
    seconds: Annotated[
        float, typer.Option(min=0.1, max=3600.0, metavar="S", help="Duration of --level in seconds.")
    ] = 10.0,
    json: AsJson = False,
) -> None:
    """List microphones; a star marks the system's default.

    Nothing is recorded.
    """
    import asyncio

    with exit_on_error():
        if level:
            asyncio.run(show_level(microphone, seconds, as_json=json))
        else:
            print_inputs(asyncio.run(_inputs()), microphone, as_json=json)


def print_inputs(inputs: "list[Input]", choice: str, *, as_json: bool) -> None:
    """Print the microphones. Raises ``NoMicrophone``; as JSON, after printing the empty list."""
    from app.capture.devices import encode, ranked_devices

    if as_json:
        say(encode(inputs).decode())
    devices = ranked_devices(inputs, choice)
    if as_json:
        return
    words = texts()
    rows = [("", *(words(f"columns.{title}") for title in ("name", "rate", "by")))]
    for device in devices:
        rows.append(("*" if device.default else "", device.name, f"{device.rate} Hz", device.interface))
    print_table(rows)


async def _inputs() -> "list[Input]":
    from app.capture.desktop_sound import sound_system

    return await sound_system().inputs()


async def show_level(
    choice: str, seconds: float, system: "SoundSystem | None" = None, *, as_json: bool = False
) -> None:
    """Draw the level of the chosen microphone, then print a summary. Raises ``MicrophoneError``."""
    import asyncio

    from rich.text import Text

    from app.capture.microphone import open_microphone
    from app.core.console import Console

    console = Console(stderr=True)
    loudest = LOWEST_DBFS
    async with open_microphone(choice, system=system) as microphone:
        asyncio.get_running_loop().call_later(seconds, microphone.stop)
        with console.status(Text(printable(microphone.device))) as status:
            async for _ in microphone.buffer.blocks():
                loudest = max(loudest, microphone.level_dbfs)
                status.update(bar(microphone.level_dbfs))
        if as_json:
            level = loudest if loudest > LOWEST_DBFS else None
            overflows = microphone.overflows
            print_json({"microphone": microphone.device, "loudest_dbfs": level, "overflows": overflows})
            return
        what = f"at most {loudest:.0f} dBFS" if loudest > LOWEST_DBFS else "only silence: is it muted?"
        say(f"{printable(microphone.device)}: {what}, overflows: {microphone.overflows}")


def bar(level_dbfs: float) -> str:
    """Draw a level bar that is full at 0 dBFS and empty at -60."""
    share = min(1.0, max(0.0, 1 - level_dbfs / LOWEST_DBFS))
    return f"{'#' * round(share * _BAR):<{_BAR}} {level_dbfs:6.1f} dBFS"
