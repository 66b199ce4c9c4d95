"""Check of this computer's worker by ``kikipounamu-worker doctor``: GPU, engine, model, one decode."""

import os
import tempfile
from asyncio.subprocess import Process
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, Final

import msgspec
from msgspec import Struct

from app.core.child_process import find_program, output_of
from app.core.daemon_thread import in_daemon_thread
from app.core.errors import AppError, ProgramMissing
from app.core.problem_notes import note_of
from app.diagnostics.checks.finding import Finding, Topic, advice, ok, wrong
from runtime.installing import extra_command
from runtime.tasks import within

DEADLINE_S: Final = 150.0  # a large model on a slow computer
_PROGRAM: Final = "kikipounamu-worker"
_MOST_BYTES: Final = 1 << 16
_LONGEST: Final = 300
_KEYS: Final = frozenset(
    {
        *("driver", "no-card", "card", "model", "engine", "speed", "behind"),
        *("library", "library-cards", "library-missing", "library-unfit", "library-blind"),
    }
)
"""Keys of ``worker.supervision.doctor`` that have texts here."""


class WorkerLine(Struct, frozen=True):
    """A line that the worker's doctor prints as JSON, like its ``DoctorFinding``."""

    what: str
    says: str
    good: bool | None = None
    key: str = ""
    values: Mapping[str, str] = {}


async def worker(
    arguments: Sequence[str],
    *,
    unfit: AppError | None = None,
    needed: bool = True,
    command: Sequence[str] = (),
    deadline_s: float = DEADLINE_S,
) -> list[Finding]:
    """Check the worker.

    ``arguments``: the arguments of this computer's worker. ``unfit``: why it cannot run. ``needed``: recognition
    depends on it. ``command``: a replacement for the worker's doctor.
    """
    bad = wrong if needed else advice
    if unfit is not None:
        return [bad(Topic.WORKER, "worker-unfit").because(note_of(unfit))]
    try:
        program = command or (find_program(_PROGRAM), "doctor", "--json")
    except ProgramMissing:
        return [bad(Topic.WORKER, "worker-missing", install=extra_command("gateway,worker,whisper"))]
    lines: list[WorkerLine] = []
    with tempfile.TemporaryFile() as complaints:
        status = await _run([*program, *arguments], complaints, lines, deadline_s)
        words = await in_daemon_thread(lambda: _last_words(complaints))
    findings = line_findings(lines, needed=needed)
    if status is None:
        findings.append(bad(Topic.WORKER, "worker-slow", seconds=f"{deadline_s:g}"))
    elif not lines or (status and not any(line.good is False for line in lines)):
        findings.append(bad(Topic.WORKER, "worker-crashed", status=status, words=words or "?"))
    return findings


async def _run(
    command: Sequence[str], complaints: IO[bytes], lines: list[WorkerLine], deadline_s: float
) -> int | None:
    """Run the doctor and return its exit status; ``None``: it missed the deadline.

    ``lines`` receives its output until then.
    """
    async with output_of(command, complaints) as process, within(deadline_s):
        await _read_lines(process, lines)
        return await process.wait()
    return None


def _last_words(complaints: IO[bytes]) -> str:
    """Return the last line of stderr, which names the error of a traceback."""
    complaints.seek(max(0, complaints.seek(0, os.SEEK_END) - _MOST_BYTES))
    written = complaints.read().decode(errors="replace").strip().splitlines()
    return written[-1][:_LONGEST] if written else ""


async def _read_lines(process: Process, lines: list[WorkerLine]) -> None:
    assert process.stdout is not None
    while True:
        try:
            if not (raw := await process.stdout.readline()):
                return
            lines.append(msgspec.json.decode(raw, type=WorkerLine))
        except (ValueError, msgspec.DecodeError):  # printed by a library, or longer than any line of ours
            continue


def line_findings(lines: Iterable[WorkerLine], *, needed: bool) -> list[Finding]:
    """Return findings in the user's words where there are some, else in the English ones of the doctor. Pure."""
    return [_finding(line, wrong if needed else advice) for line in lines]


def _finding(line: WorkerLine, bad: Callable[..., Finding]) -> Finding:
    finding = bad if line.good is False else ok
    if line.key in _KEYS:
        return finding(Topic.WORKER, f"worker-{line.key}", what=line.what, **line.values)
    key = "worker-fails" if line.good is False else "worker-says"
    return finding(Topic.WORKER, key, what=line.what, says=line.says)
