"""Test real commands, run from a separate process: it adopts the orphans of its children."""

import os
import subprocess
import sys
from pathlib import Path

from scripts import child_process
from scripts.run_tests import ROOT

BEGUN_S = 3.0
"""A deadline by which a Python has begun, also on a busy computer."""
RUN = """
import os, sys
from pathlib import Path
from scripts import child_process
child_process.LEAVE_S = float(sys.argv[3])
command = [sys.executable, "-c", sys.argv[1]]
ended = child_process.run_command(command, float(sys.argv[2]), os.environ, Path.cwd(), None, 0.2)
print(ended.status, *ended.left)
"""
ORPHAN = """
import os, subprocess, sys
print("mark", flush=True)
if os.fork() == 0:
    os.setsid()
    os.execvp("sleep", ["sleep", "600"])
"""


def run(source: str, deadline_s: float, leave_s: float = child_process.LEAVE_S) -> list[str]:
    """Run a Python program as a command and return the words of its reported end."""
    command = [sys.executable, "-c", RUN, source, str(deadline_s), str(leave_s)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True, env=os.environ
    )
    return done.stdout.split()


TOGETHER = """
import os, sys
from pathlib import Path
from scripts import child_process
waiting = "import os, time\\nwhile not os.path.exists('mark'): time.sleep(0.01)\\nos._exit(3)"
marking = "open('mark', 'w')"
forever = "import time; time.sleep(600)"
commands = [([sys.executable, "-c", source], None) for source in (waiting, marking, forever)]
os.chdir(sys.argv[1])
ends = child_process.run_commands(commands, float(sys.argv[2]), os.environ, Path.cwd(), 0.2)
print(*[end.status for end in ends], ends[1].seconds < ends[2].seconds)
"""


def test_command_reports_its_status() -> None:
    assert run("raise SystemExit(5)", 60) == ["5"]


def test_overdue_command_is_interrupted() -> None:
    source = "import time\ntry: time.sleep(600)\nexcept KeyboardInterrupt: print('interrupted')"
    assert run(source, BEGUN_S) == ["interrupted", "-9"]


def test_overdue_command_is_killed_when_it_ignores_interrupt() -> None:
    source = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(600)"
    assert run(source, BEGUN_S) == ["-9"]


def test_processes_that_outlive_a_command_are_killed_and_named() -> None:
    assert run(ORPHAN, 60, leave_s=0.1) == ["mark", "0", "sleep"]


def test_processes_of_an_overdue_command_are_killed() -> None:
    assert run(f"{ORPHAN}\nimport time; time.sleep(600)", BEGUN_S)[-2:] == ["-9", "sleep"]


def test_command_whose_children_end_in_time_leaves_no_process() -> None:
    source = "import subprocess, sys; subprocess.Popen(['sleep', '0.3'])"
    assert run(source, 60) == ["0"]


def test_orphan_that_ends_during_command_leaves_no_zombie() -> None:
    source = """
import os, subprocess, sys, time
spawn = "import subprocess; print(subprocess.Popen(['true']).pid)"
orphan = int(subprocess.run([sys.executable, "-c", spawn], capture_output=True, text=True).stdout)
until = time.monotonic() + 30
while os.path.exists(f"/proc/{orphan}") and time.monotonic() < until:
    time.sleep(0.01)
sys.exit(os.path.exists(f"/proc/{orphan}"))
"""
    assert run(source, 60) == ["0"]


def test_commands_run_together_and_each_reports_its_status(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TOGETHER, str(tmp_path), str(2 * BEGUN_S)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True, env=os.environ
    )
    assert done.stdout.split() == ["3", "0", "-9", "True"]


def test_orphans_are_not_adopted_after_the_last_command() -> None:
    """Orphans that no process waits for stay as zombies."""
    source = """
import ctypes, os, sys
from pathlib import Path
from scripts import child_process
child_process.run_command([sys.executable, "-c", ""], 60, os.environ, Path.cwd())
adopts = ctypes.c_int(1)
ctypes.CDLL(None).prctl(37, ctypes.byref(adopts), 0, 0, 0)  # PR_GET_CHILD_SUBREAPER of linux/prctl.h
print(adopts.value)
"""
    done = subprocess.run([sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0"]


def test_interrupt_within_a_wait_ends_the_command() -> None:
    """``Popen`` waits with a lock, which an interrupt at the wrong moment leaves held: then no wait ends."""
    source = """
import os, subprocess, sys
from pathlib import Path
from scripts import child_process
child_process.LEAVE_S = 0.1
wait = subprocess.Popen.wait
def interrupted(process, timeout):
    subprocess.Popen.wait = wait
    process._waitpid_lock.acquire()
    raise KeyboardInterrupt
subprocess.Popen.wait = interrupted
try:
    child_process.run_command(["sleep", "600"], 60, os.environ, Path.cwd(), None, 0.1)
except KeyboardInterrupt:
    print("interrupted", *child_process._left([]).values())
"""
    done = subprocess.run([sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["interrupted"]
