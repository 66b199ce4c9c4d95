"""Run a command with a deadline and leave no process behind. Standard library only."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
    _adopt_orphans()
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
    left: tuple[str, ...] = ()
    try:
        status = _wait(process, began + deadline_s)
    finally:
        running = process.poll() is None
        if running:
            _interrupt(process, interrupt_s)
        left = _end_group(process.pid, 0.0 if running else LEAVE_S)
    return Ended(status, time.monotonic() - began, left)


def _wait(process: subprocess.Popen[bytes], end_s: float) -> int:
    """Return the exit status of a command, or ``OVERDUE``. Orphans that end meanwhile leave no zombie."""
    while time.monotonic() < end_s:
        _reap_orphans(process.pid)
        try:
            return process.wait(min(REAP_S, max(0.0, end_s - time.monotonic())))
        except subprocess.TimeoutExpired:
            continue
    return OVERDUE


def _reap_orphans(but: int) -> None:
    if not sys.platform.startswith("linux"):
        return  # orphans are not adopted on other systems
    while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        if ended.si_pid == but:
            return
        _reap(ended.si_pid)


def _interrupt(process: subprocess.Popen[bytes], interrupt_s: float) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(interrupt_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(LEAVE_S)


def _end_group(group: int, patience_s: float) -> tuple[str, ...]:
    """Wait ``patience_s``, then kill the command's remaining processes and return their names."""
    until = time.monotonic() + patience_s
    while (left := _left(group)) and time.monotonic() < until:
        time.sleep(0.02)
    names = tuple(sorted(left.values()))
    until = time.monotonic() + LEAVE_S
    while left and time.monotonic() < until:
        for pid in left:
            _kill(pid)
        time.sleep(0.02)
        left = _left(group)
    return names


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _left(group: int) -> dict[int, str]:
    """Return the processes of a group, and on Linux all descendants of this process, by id."""
    if not sys.platform.startswith("linux"):
        return _group_members(group)
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


def _group_members(group: int) -> dict[int, str]:
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,pgid=,comm="], capture_output=True, text=True, timeout=30
    ).stdout
    rows = (line.split(None, 2) for line in listed.splitlines())
    return {int(pid): name for pid, pgid, name in rows if int(pgid) == group}


def _adopt_orphans() -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
