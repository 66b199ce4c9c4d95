"""The guard with real processes: it kills a child that stops while grabbing, and no other."""

import signal
import subprocess
import sys

import psutil
import pytest

from app.x11.grab_guard import CUT_OFF
from tests.helpers.waiting import DEADLINE_S, wait_until_sync

CHILD = """
import os, signal, sys
from app.x11.grab_guard import fork_watched
grabs = fork_watched({deadline_s})
{work}
"""
PATIENT_S = 60.0


def start(work: str, deadline_s: float) -> "subprocess.Popen[str]":
    code = CHILD.format(work=work, deadline_s=deadline_s)
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True)


def outcome(process: "subprocess.Popen[str]") -> tuple[str, int]:
    """Return the output of the process and its exit status."""
    written, _ = process.communicate(timeout=DEADLINE_S)
    return written, process.returncode


@pytest.mark.parametrize("stop", ["os.kill(os.getpid(), signal.SIGSTOP)", "signal.pause()", "\nwhile True: pass"])
def test_guard_kills_child_when_grab_does_not_end(stop: str) -> None:
    process = start(f"print('grabs', flush=True); grabs.begin(); {stop}", 0.05)
    assert outcome(process) == ("grabs\n", CUT_OFF)


def test_guard_leaves_child_alone_when_grabs_end() -> None:
    work = "\nfor _ in range(5000):\n    grabs.begin(); grabs.end()\nprint(sys.stdin.read()); sys.exit(3)"
    process = start(work, PATIENT_S)
    written, _ = process.communicate("asked", timeout=DEADLINE_S)
    assert (written, process.returncode) == ("asked\n", 3)


def test_guard_leaves_child_alone_when_it_stops_without_grab() -> None:
    process = start("grabs.begin(); grabs.end(); print('free', flush=True); sys.stdin.read()", 0.05)
    assert process.stdout is not None and process.stdout.readline() == "free\n"
    (child,) = psutil.Process(process.pid).children()
    child.suspend()
    wait_until_sync(lambda: child.status() == psutil.STATUS_STOPPED, "it has stopped")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.2)
    child.resume()
    assert outcome(process) == ("", 0)


def test_guard_exits_with_the_status_of_its_child() -> None:
    assert outcome(start("os.kill(os.getpid(), signal.SIGKILL)", PATIENT_S)) == ("", 128 + signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: elsewhere no child is tied to its parent")
def test_child_ends_with_its_guard() -> None:
    process = start("print(os.getpid(), flush=True); grabs.begin(); signal.pause()", PATIENT_S)
    assert process.stdout is not None
    child = psutil.Process(int(process.stdout.readline()))
    assert child.ppid() == process.pid
    process.kill()
    outcome(process)
    wait_until_sync(
        lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, "the child has ended"
    )
