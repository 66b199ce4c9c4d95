"""Runs checks concurrently, each within its deadline; a check that fails or hangs does not affect the others."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from app.core.child_process import find_program, output_of
from app.core.errors import AppError
from app.core.problem_notes import note_of
from app.diagnostics.checks.finding import Finding, Topic, wrong
from client.errors import GatewayError
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import cancel_and_wait
from speech.errors import SpeechError

log = loggers.APP_DOCTOR_EXAMINING

DEADLINE_S: Final = 60.0
"""Deadline of all checks except those of models: they start together, and share a busy computer."""
OWN_S: Final = 20.0
"""Deadline of a check within a process of its own, once that has started."""
_GRACE_S: Final = 2.0

Work = Callable[[], Awaitable[Sequence[Finding]]]
Show = Callable[[Topic, tuple[Finding, ...]], None]


@dataclass(frozen=True)
class Examination:
    """A check of one area.

    ``work`` returns the findings.
    """

    area: Topic
    work: Work
    deadline_s: float = DEADLINE_S


async def examine(examinations: Sequence[Examination], show: Show) -> tuple[Finding, ...]:
    """Run all checks and return their findings.

    ``show`` gets each area in order, as soon as the areas before it are done.
    """
    tasks = [asyncio.create_task(_findings(one), name=f"doctor/{one.area}") for one in examinations]
    found: list[Finding] = []
    try:
        for one, task in zip(examinations, tasks, strict=True):
            findings = await task
            found += findings
            show(one.area, findings)
    finally:
        await cancel_and_wait(tasks)
    return tuple(found)


async def _findings(one: Examination) -> tuple[Finding, ...]:
    working = asyncio.ensure_future(one.work())
    try:
        await asyncio.wait({working}, timeout=one.deadline_s)
        if working.done():
            return _outcome(one.area, working)
        return (wrong(one.area, "no-answer", seconds=f"{one.deadline_s:g}"),)
    finally:
        working.cancel()  # the grace period below is all it has to clean up
        await asyncio.wait({working}, timeout=_GRACE_S)


def _outcome(area: Topic, working: "asyncio.Future[Sequence[Finding]]") -> tuple[Finding, ...]:
    try:
        return tuple(working.result())
    except (AppError, GatewayError, SpeechError) as error:
        return (wrong(area, "stopped").because(note_of(error)),)
    except Exception as error:  # a failing check must not stop the others
        log.exception(LogEvent.CHECK_FAILED, area=area)
        return (wrong(area, "failed", error=type(error).__name__),)


async def in_own_process(area: Topic, options: Sequence[str], command: Sequence[str] = ()) -> Sequence[Finding]:
    """Run ``kikipounamu doctor --apart AREA``, or ``command`` instead, and return its findings.

    A crash is a finding. Raises ``ProgramMissing``.
    """
    program = command or (find_program("kikipounamu"), "doctor", "--apart", area, *options)
    async with output_of(program) as process:
        output, _ = await process.communicate()
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
