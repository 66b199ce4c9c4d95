import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from runtime.leash import leashed_command
from tests.helpers.processes import gone
from tests.helpers.waiting import wait_until_sync

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: PR_SET_PDEATHSIG")

_PARENT = """
import subprocess, sys
from runtime.leash import leashed_command
child = subprocess.Popen(leashed_command(["sleep", "600"]))
print(child.pid, flush=True)
child.wait()
"""


def test_leashed_child_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        wait_until_sync(lambda: psutil.Process(child).name() == "sleep", "the launcher has become the command")
        parent.kill()
    wait_until_sync(lambda: gone(child), "the child is gone")


def test_leashed_child_of_a_dead_parent_ends_at_once(tmp_path: Path) -> None:
    command = leashed_command(["touch", str(tmp_path / "ran")], signal.SIGKILL)
    not_our_pid = "1" if os.getpid() != 1 else "2"
    command[command.index(str(os.getpid()))] = not_our_pid
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert not (tmp_path / "ran").exists()


def test_leashed_command_keeps_arguments_descriptors_and_status() -> None:
    reading, writing = os.pipe()
    try:
        says = "import os, sys; os.write(int(sys.argv[1]), sys.argv[2].encode()); sys.exit(7)"
        command = leashed_command([sys.executable, "-c", says, str(writing), "a b"])
        assert subprocess.run(command, pass_fds=(writing,), check=False).returncode == 7
        assert os.read(reading, 100) == b"a b"
    finally:
        os.close(reading)
        os.close(writing)
