"""All tests with random examples once more, with four times as many."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.examples import VARIABLE

TESTS = Path(__file__).parent


@pytest.mark.proof(minutes=3)
def test_properties_hold_for_all_examples() -> None:
    files = [str(path) for path in TESTS.rglob("test_*.py") if "hypothesis" in path.read_text("utf-8")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout=600"]
    command += ["-m", "not serial and not proof"]
    environment = os.environ | {VARIABLE: "1"}
    done = subprocess.run([*command, *files], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
