"""Checks in separate processes: which checks those are, and what such a process imports."""

import subprocess
import sys

import pytest

from app.diagnostics.checks.finding import Topic
from app.diagnostics.checks.own_process import deadline_s

OTHERS = {"aiohttp", "app.diagnostics.checks.all_checks", "app.gateways.watcher", "app.hotkeys.choose"}
APART = """
import sys
from app.cli.entry import main
sys.argv = ["kikipounamu", "doctor", "--apart", sys.argv[1], "--no-microphone"]
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize("area", [Topic.MICROPHONE, Topic.VAD])
def test_process_of_a_check_imports_nothing_of_the_others(area: Topic) -> None:
    command = [sys.executable, "-c", APART, area]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.startswith('[{"area":')
    assert OTHERS & set(done.stderr.split()) == set()


def test_deadline_includes_the_time_of_listening() -> None:
    assert deadline_s(Topic.MICROPHONE, 3.0) == deadline_s(Topic.VAD, 3.0) + 3.0
