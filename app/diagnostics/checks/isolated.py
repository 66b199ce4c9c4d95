"""A check in a process of its own, so that a crashing library takes only that process down."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from app.core.child_process import find_program
from app.diagnostics.checks.finding import Area, Finding, wrong
from runtime.leash import leashed


async def apart(area: Area, options: Sequence[str], command: Sequence[str] = ()) -> Sequence[Finding]:
    """Run ``kikipounamu doctor --apart AREA``, or ``command`` instead, and return its findings.

    A crash is a finding. Raises ``ProgramMissing``.
    """
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
    """Encode findings as the JSON that the command prints."""
    return msgspec.json.encode(findings)


def decode(output: bytes) -> list[Finding]:
    """Decode the JSON that the command printed. Raises ``msgspec.DecodeError``."""
    return msgspec.json.decode(output, type=list[Finding])
