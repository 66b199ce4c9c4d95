import subprocess
import sys
from pathlib import Path

import pytest

from app.control.app_end import processes_of_app, wait_for_end

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: elsewhere the wait does nothing")

APP = """
import socket, subprocess, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
helper = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
browser = subprocess.Popen(["sleep", "600"])
print(helper.pid, browser.pid, flush=True)
sys.stdin.read()
helper.kill(), browser.kill()
"""


def test_wait_is_for_the_app_and_its_own_helpers(tmp_path: Path) -> None:
    place = tmp_path / "s"
    assert processes_of_app(place) == [] and wait_for_end([], 0.0)
    command = [sys.executable, "-S", "-c", APP, str(place)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as app:
        assert app.stdin is not None and app.stdout is not None
        helper, _browser = app.stdout.readline().split()
        found = processes_of_app(place)
        assert [process.pid for process in found] == [app.pid, int(helper)]
        assert not wait_for_end(found, 0.0)
        app.stdin.close()
        assert wait_for_end(found, 60.0), "a zombie has ended too"
