"""Check of this computer's worker by ``kikipounamu-worker doctor``: GPU, engine, model, one decode."""

import asyncio
import os
import re
import tempfile
from asyncio.subprocess import Process
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import IO, Final

import msgspec
from msgspec import Struct

from app.core.child_process import find_program, output_of
from app.core.daemon_thread import in_daemon_thread
from app.core.errors import AppError, ProgramMissing
from app.core.problem_notes import note_of
from app.diagnostics.checks.finding import Finding, Topic, advice, ok, wrong
from runtime.installing import extra_command

DEADLINE_S: Final = 150.0  # a large model on a slow computer
_PROGRAM: Final = "kikipounamu-worker"
_MOST_BYTES: Final = 1 << 16
_LONGEST: Final = 300
_SAYINGS: Final = {
    "worker-driver": re.compile(r"NVIDIA (?P<version>\S+)"),
    "worker-card": re.compile(r"(?P<card>.+), capability \S+ \(\S+\), (?P<used>\S+) of (?P<total>\S+) GiB in use"),
    "worker-library-cards": re.compile(r"(?P<version>.+), it sees (?P<cards>\d+) card\(s\)"),
    "worker-library": re.compile(r"(?P<version>\S+), for the processor"),
    "worker-model": re.compile(r"(?P<model>\S+), whole, in (?P<folder>.+)"),
    "worker-engine": re.compile(
        r"(?P<engine>\S+) with (?P<model>\S+) on (?P<device>\S+), loaded in (?P<seconds>\S+) s"
    ),
}
_FAILURES: Final = {
    "worker-library-missing": re.compile(r"it cannot be loaded: run (?P<install>.+)"),
    "worker-library-unfit": re.compile(r"(?P<version>.+) was not built for \S+ \((?P<card>.+)\): .+"),
    "worker-library-blind": re.compile(r"(?P<version>.+) sees no card: .+"),
}
_MEASURED: Final = re.compile(r"(\d+) s of sound in ([\d.]+) s: ")


class WorkerLine(Struct, frozen=True):
    """A line that the worker's doctor prints as JSON.

    ``good``: ``None`` if neutral.
    """

    what: str
    says: str
    good: bool | None = None


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
    async with output_of(command, complaints) as process:
        with suppress(TimeoutError):
            async with asyncio.timeout(deadline_s):
                await _read(process, lines)
                return await process.wait()
    return None


def _last_words(complaints: IO[bytes]) -> str:
    """Return the last line of stderr, which names the error of a traceback."""
    complaints.seek(max(0, complaints.seek(0, os.SEEK_END) - _MOST_BYTES))
    written = complaints.read().decode(errors="replace").strip().splitlines()
    return written[-1][:_LONGEST] if written else ""


async def _read(process: Process, lines: list[WorkerLine]) -> None:
    assert process.stdout is not None
    while True:
        try:
            if not (raw := await process.stdout.readline()):
                return
            lines.append(msgspec.json.decode(raw, type=WorkerLine))
        except (ValueError, msgspec.DecodeError):  # printed by a library, or longer than any line of ours
            continue


def line_findings(lines: Iterable[WorkerLine], *, needed: bool) -> list[Finding]:
    """Convert the doctor's lines, which are in English, to findings. Pure."""
    return [_finding(line, wrong if needed else advice) for line in lines]


def _finding(line: WorkerLine, bad: Callable[..., Finding]) -> Finding:
    """Return a finding in the user's words where they matter: and the English ones of the doctor elsewhere."""
    if line.what == "decode" and (measured := _MEASURED.match(line.says)):
        key, finding = ("worker-speed", ok) if line.good else ("worker-behind", bad)
        return finding(Topic.WORKER, key, what=line.what, sound=measured[1], seconds=measured[2])
    if line.what == "driver" and line.good is None:
        return ok(Topic.WORKER, "worker-no-card", what=line.what)
    failed = line.good is False
    finding = bad if failed else ok
    for key, saying in (_FAILURES if failed else _SAYINGS).items():
        if found := saying.fullmatch(line.says):
            return finding(Topic.WORKER, key, what=line.what, **found.groupdict())
    return finding(Topic.WORKER, "worker-fails" if failed else "worker-says", what=line.what, says=line.says)
