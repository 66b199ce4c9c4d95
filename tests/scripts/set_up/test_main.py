"""Test the decisions of set-up. ``make fresh`` runs the installs themselves."""

import subprocess
import sys
from unittest.mock import Mock

import pytest

from scripts.set_up import __main__ as program
from scripts.set_up.checkout import ROOT
from scripts.set_up.commands import SetUpFailed
from scripts.set_up.environments import Environment, is_current


def test_current_environment_is_left_alone(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", None)
    program.set_up(environment)
    assert is_current(environment)


@pytest.mark.parametrize(
    ("fault", "status", "says"),
    [
        (SetUpFailed("no disk"), 1, "set-up failed: no disk\n"),
        (KeyboardInterrupt(), 130, "set-up was interrupted: repeat the command to complete it\n"),
    ],
)
def test_failure_and_interrupt_end_without_traceback(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    fault: BaseException,
    status: int,
    says: str,
) -> None:
    monkeypatch.setattr(program, "set_up", Mock(side_effect=fault))
    monkeypatch.setattr(sys, "argv", ["set_up", "run"])
    assert (program.main(), capfd.readouterr().err) == (status, says)


@pytest.mark.parametrize(("given", "status"), [(sys.executable, 0), ("false", 2)])
def test_make_refuses_a_python_that_is_too_old(given: str, status: int) -> None:
    """``false`` answers like a Python below 3.11."""
    command = ["make", "-n", "lint", f"PYTHON={given}"]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert made.returncode == status
    assert (f"{given} -m scripts.set_up" in made.stdout) is (status == 0)
    assert ("Python 3.11 or newer is needed" in made.stderr) is (status == 2)
