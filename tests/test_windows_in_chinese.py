"""All tests of windows once more, in Chinese."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.proof(minutes=2)
def test_windows_pass_their_tests_in_chinese() -> None:
    folder = Path(__file__).parent / "app" / "ui"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not serial and not proof"]
    environment = os.environ | {"KIKIPOUNAMU_TEST_LANGUAGE": "zh"}
    done = subprocess.run([*command, str(folder)], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
