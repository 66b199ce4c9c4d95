"""What microphones there are by the eyes of another process, which disturbs no stream of this one."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import msgspec

from app.capture.devices import Input
from app.child import find_program
from app.errors import AppError
from runtime.leash import leashed

COMMAND: Final = ("microphones", "--json")

_DEADLINE_S: Final = 30.0  # on a busy machine a program takes long to start


async def look(command: Sequence[str] | None = None) -> list[Input]:
    """As ``SoundSystem.inputs``; empty when it cannot be found out."""
    try:
        program = command or (find_program("kikipounamu"), *COMMAND)
        process = await asyncio.create_subprocess_exec(
            *leashed(program), stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
        )
    except (AppError, OSError):
        return []
    try:
        async with asyncio.timeout(_DEADLINE_S):
            output, _ = await process.communicate()
        return decode(output)
    except TimeoutError:
        return []
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def encode(inputs: Sequence[Input]) -> bytes:
    """What the command prints."""
    return msgspec.json.encode(inputs)


def decode(output: bytes) -> list[Input]:
    """Of what the command printed; nothing where it cannot be read."""
    try:
        return msgspec.json.decode(output, type=list[Input])
    except msgspec.DecodeError:
        return []
