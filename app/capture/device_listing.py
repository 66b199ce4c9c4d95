"""List microphones in another process, so that no stream of this process is disturbed."""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from app.capture.devices import Input
from app.core.child_process import find_program, output_of
from app.core.errors import AppError

COMMAND: Final = ("microphones", "--json")

_DEADLINE_S: Final = 30.0  # programs start slowly on a busy machine


async def list_microphones(command: Sequence[str] | None = None) -> list[Input]:
    """List the microphones like ``SoundSystem.inputs``; return an empty list on any failure."""
    try:
        async with output_of(command or (find_program("kikipounamu"), *COMMAND)) as process:
            async with asyncio.timeout(_DEADLINE_S):
                output, _ = await process.communicate()
    except (AppError, OSError):  # or not in time
        return []
    return decode(output)


def encode(inputs: Sequence[Input]) -> bytes:
    """Encode the list of microphones that the command prints."""
    return msgspec.json.encode(inputs)


def decode(output: bytes) -> list[Input]:
    """Decode the command's output; return an empty list if it is unreadable."""
    try:
        return msgspec.json.decode(output, type=list[Input])
    except msgspec.DecodeError:
        return []
