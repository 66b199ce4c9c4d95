"""Run a command with a deadline and leave no process behind. Standard library only."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

OVERDUE: Final = -9
INTERRUPT_S: Final = 30.0
"""Grace period after an interrupt, in which pytest writes its report."""
LEAVE_S: Final = 5.0
"""Time limit for a command's other processes to end after the command."""
REAP_S: Final = 0.2
"""Interval for reaping orphans, because tests wait until such processes have ended."""
_SET_CHILD_SUBREAPER: Final = 36  # prctl(2)


@dataclass(frozen=True)
class Ended:
    """The end of a command: its exit status (``OVERDUE`` at the deadline) and the processes that outlived it."""

    status: int
    seconds: float
    left: tuple[str, ...] = ()


@contextmanager
def terminable() -> Iterator[None]:
    """Turn SIGTERM into ``SystemExit``, so that the running command ends too."""

    def leave(number: int, _: object) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run_command(
    command: Sequence[str],
    deadline_s: float,
    environ: Mapping[str, str],
    cwd: Path,
    output: IO[bytes] | None = None,
    interrupt_s: float = INTERRUPT_S,
) -> Ended:
    """Run a command in its own process group. At the deadline interrupt it, then kill it.

    ``output`` takes standard output and standard error; ``None`` leaves them alone. On Linux, processes that
    left the group are found too: this process adopts the orphans of its children.
    """
    return run_commands([(command, output)], deadline_s, environ, cwd, interrupt_s)[0]


def run_commands(
    commands: Sequence[tuple[Sequence[str], IO[bytes] | None]],
    deadline_s: float,
    environ: Mapping[str, str],
    cwd: Path,
    interrupt_s: float = INTERRUPT_S,
) -> list[Ended]:
    """Run pairs (command, output) at the same time, otherwise as ``run_command`` does.

    Processes that outlive their command may stay until the last command has ended. Every result names them.
    """
    _adopt_orphans(True)
    began = time.monotonic()
    processes: list[subprocess.Popen[bytes]] = []
    ends: dict[int, float] = {}
    left: tuple[str, ...] = ()
    try:
        for command, output in commands:
            processes.append(_started(command, environ, cwd, output))
        _wait(processes, began + deadline_s, ends)
    finally:
        running = [process for process in processes if process.poll() is None]
        _interrupt(running, interrupt_s)
        left = _end_groups([process.pid for process in processes], 0.0 if running else LEAVE_S)
        _adopt_orphans(False)  # later orphans would not be reaped
    now = time.monotonic()
    return [
        Ended(OVERDUE if process in running else process.returncode, ends.get(process.pid, now) - began, left)
        for process in processes
    ]


def _started(
    command: Sequence[str], environ: Mapping[str, str], cwd: Path, output: IO[bytes] | None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=cwd,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )


def _wait(processes: Sequence[subprocess.Popen[bytes]], end_s: float, ends: dict[int, float]) -> None:
    """Wait for all commands until ``end_s``, and note when each ended. Orphans that end leave no zombie."""
    while True:
        running = [process for process in processes if process.poll() is None]
        now = time.monotonic()
        ends |= {process.pid: now for process in processes if process not in running and process.pid not in ends}
        if not running or now >= end_s:
            return
        _reap_orphans({process.pid for process in running})
        with suppress(subprocess.TimeoutExpired):
            running[0].wait(min(REAP_S, end_s - now))


def _reap_orphans(but: Collection[int]) -> None:
    if not sys.platform.startswith("linux"):
        return  # orphans are not adopted on other systems
    while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        if ended.si_pid in but:
            return
        _reap(ended.si_pid)


def _interrupt(processes: Sequence[subprocess.Popen[bytes]], interrupt_s: float) -> None:
    for process in processes:
        process.send_signal(signal.SIGINT)
    end_s = time.monotonic() + interrupt_s
    for process in processes:
        try:
            process.wait(max(0.0, end_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            with suppress(subprocess.TimeoutExpired):  # an interrupt within a wait can leave Popen's lock held
                process.wait(LEAVE_S)


def _end_groups(groups: Collection[int], patience_s: float) -> tuple[str, ...]:
    """Wait ``patience_s``, then kill the remaining processes of the commands and return their names."""
    until = time.monotonic() + patience_s
    while (left := _left(groups)) and time.monotonic() < until:
        time.sleep(0.02)
    names = tuple(sorted(left.values()))
    until = time.monotonic() + LEAVE_S
    while left and time.monotonic() < until:
        for pid in left:
            _kill(pid)
        time.sleep(0.02)
        left = _left(groups)
    return names


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _left(groups: Collection[int]) -> dict[int, str]:
    """Return the processes of the groups, and on Linux all descendants of this process, by id."""
    if not sys.platform.startswith("linux"):
        return _group_members(groups)
    parents: dict[int, tuple[int, str]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text("utf-8", "replace").partition(" (")[2].rpartition(") ")
        except OSError:
            continue
        state, parent = rest.split()[:2]
        pid = int(stat.parent.name)
        if state == "Z" and int(parent) == os.getpid():
            _reap(pid)
        elif state != "Z":
            parents[pid] = int(parent), name
    return {pid: name for pid, (_, name) in parents.items() if _descends(pid, parents)}


def _descends(pid: int, parents: Mapping[int, tuple[int, str]]) -> bool:
    while pid in parents:
        pid = parents[pid][0]
        if pid == os.getpid():
            return True
    return False


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _group_members(groups: Collection[int]) -> dict[int, str]:
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,pgid=,comm="], capture_output=True, text=True, timeout=30
    ).stdout
    rows = (line.split(None, 2) for line in listed.splitlines())
    return {int(pid): name for pid, pgid, name in rows if int(pgid) in groups}


def _adopt_orphans(on: bool) -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, int(on), 0, 0, 0)
