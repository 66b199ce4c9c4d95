"""Test the choice of a build of torch, and the output of pip."""

import sys

import pytest

from scripts.set_up import python_packages
from scripts.set_up.commands import SetUpFailed
from scripts.set_up.environments import Environment


def test_cpu_build_of_torch_is_preferred() -> None:
    listed = "torch (2.15.0)\nAvailable versions: 2.15.0, 2.13.0+cpu, 2.13.0, 2.12.1+cpu\n"
    assert python_packages.newest_cpu_build(listed) == "torch==2.13.0+cpu"
    assert python_packages.newest_cpu_build("torch (2.15.0)\nAvailable versions: 2.15.0, 2.14.1+cu130\n") is None


def test_cpu_build_that_does_not_load_is_replaced(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip accepts a build for a newer libc; only loading the module shows the problem."""
    installed: list[tuple[str | None, ...]] = []
    monkeypatch.setattr(python_packages, "cpu_torch", lambda _: "torch==2.13.0+cpu")
    monkeypatch.setattr(python_packages, "pip_install", lambda _, *more: installed.append(more))
    monkeypatch.setattr(python_packages, "loads", lambda _, module: module == "torch" and len(installed) > 1)
    python_packages.install(Environment(".venv", ("funasr",), ()))
    assert installed == [("torch==2.13.0+cpu",), ("torch!=2.13.0+cpu",)]


@pytest.mark.parametrize("terminal", [True, False])
def test_lines_of_pip_go_to_a_terminal_or_into_a_file(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], terminal: bool
) -> None:
    environment.python.unlink()
    environment.python.write_text("#!/bin/sh\necho Collecting; echo 'ERROR: no disk' >&2; exit 1\n")
    environment.python.chmod(0o755)
    monkeypatch.setattr(sys, "stderr", sys.__stderr__)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    log = environment.path / "pip.log"
    with pytest.raises(SetUpFailed, match="see above:" if terminal else f"see above and {log}:"):
        python_packages.pip_install(environment)
    shown = capfd.readouterr().err
    assert "ERROR: no disk" in shown and ("Collecting" in shown) is terminal
    assert terminal or log.read_text() == "Collecting\n"


@pytest.mark.parametrize(("module", "there"), [("json", True), ("no_such_module", False)])
def test_loadable_module_is_detected_by_importing_it(environment: Environment, module: str, there: bool) -> None:
    assert python_packages.loads(environment, module) is there
