"""An examination in a process of its own: a library that crashes, for one of sound, takes only that along."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from app.child import find_program
from app.doctor.finding import Area, Finding, wrong
from runtime.leash import leashed


async def apart(area: Area, options: Sequence[str], command: Sequence[str] = ()) -> Sequence[Finding]:
    """As ``kikipounamu doctor --apart AREA`` tells it. ``command``: another one. Raises ``ProgramMissing``."""
    program = command or (find_program("kikipounamu"), "doctor", "--apart", area, *options)
    process = await asyncio.create_subprocess_exec(*leashed(program), stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL)
    try:
        output, _ = await process.communicate()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    try:
        return decode(output)
    except msgspec.DecodeError:
        return [wrong(area, "crashed", status=process.returncode or 0)]


def encode(findings: Sequence[Finding]) -> bytes:
    """What the command prints."""
    return msgspec.json.encode(findings)


def decode(output: bytes) -> list[Finding]:
    """Of what it printed. Raises ``msgspec.DecodeError``."""
    return msgspec.json.decode(output, type=list[Finding])
