"""Files of a process that cannot grow for a while."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from loadtest.chaos.disk import full_disk
from tests.helpers.waiting import wait_until_sync
from tests.loadtest.chaos.sleepers import sleeper

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: limits of other processes")


def limit(process: psutil.Process) -> int:
    return int(process.rlimit(psutil.RLIMIT_FSIZE)[0])


def test_limit_holds_for_a_while_and_is_undone() -> None:
    with sleeper() as process:
        with full_disk([process], lambda: [process]):
            assert limit(process) == 0
        assert limit(process) == psutil.RLIM_INFINITY


def test_limit_is_undone_for_processes_started_meanwhile() -> None:
    """A process that the limited one starts inherits the limit."""
    with sleeper() as old, sleeper() as new:
        with full_disk([old], lambda: [new]):
            old.kill()
            new.rlimit(psutil.RLIMIT_FSIZE, (0, psutil.RLIM_INFINITY))
        assert limit(new) == psutil.RLIM_INFINITY


def test_limit_is_undone_after_an_error() -> None:
    with sleeper() as process:
        with pytest.raises(ValueError, match="no"), full_disk([process], lambda: [process]):
            raise ValueError("no")
        assert limit(process) == psutil.RLIM_INFINITY


def test_limited_process_cannot_write(tmp_path: Path) -> None:
    file = tmp_path / "file"
    code = "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_DFL)\nsys.stdin.readline()\n"
    program = f"import sys\n{code}open(sys.argv[1], 'wb', buffering=0).write(b'x')"
    popen = subprocess.Popen([sys.executable, "-c", program, str(file)], stdin=subprocess.PIPE)
    with popen, full_disk([psutil.Process(popen.pid)], list):
        assert popen.stdin is not None
        popen.stdin.write(b"\n")
        popen.stdin.flush()
        wait_until_sync(lambda: popen.poll() is not None, "the signal ends it")
    assert popen.returncode < 0
    assert file.read_bytes() == b""
