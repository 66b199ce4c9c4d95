"""The installer leaves nothing behind when a step fails, and the earlier environment stays."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.gpu import installer
from app.gpu.installer import GpuError, GpuStep
from tests.helpers.packages import require

PLAN = (GpuStep("making it", ("make",)), GpuStep("checking it", ("check",)))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))


def runs(*statuses: int) -> "installer.Run":
    """Return a runner that makes the next environment, and answers with these exit statuses."""
    left = list(statuses)
    environment = installer.next_environment()

    def run(command: Sequence[str]) -> int:
        environment.mkdir(exist_ok=True)
        return left.pop(0)

    return run


def test_environment_is_made_step_by_step() -> None:
    said = list[str]()
    place = installer.next_environment()
    installer.set_up(place, PLAN, said.append, runs(0, 0))
    assert said == ["[1/2] making it", "[2/2] checking it"]
    assert installer.existing() == (place,) and place.parent.stat().st_mode & 0o077 == 0


def test_failed_step_removes_the_new_environment_and_keeps_the_old() -> None:
    first = installer.next_environment()
    installer.set_up(first, PLAN, lambda text: None, runs(0, 0))
    second = installer.next_environment()
    assert second != first
    with pytest.raises(GpuError, match="checking it failed"):
        installer.set_up(second, PLAN, lambda text: None, runs(0, 3))
    assert installer.existing() == (first,)


def test_breaking_off_removes_the_new_environment() -> None:
    def interrupted(command: Sequence[str]) -> int:
        installer.next_environment().mkdir()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        installer.set_up(installer.next_environment(), PLAN, lambda text: None, interrupted)
    assert installer.existing() == ()


def test_replaced_environments_are_removed() -> None:
    for _ in range(3):
        installer.set_up(installer.next_environment(), PLAN, lambda text: None, runs(0, 0))
    kept = installer.existing()[-1]
    assert installer.remove(keep=kept) == 2 and installer.existing() == (kept,)
    assert installer.remove() == 1 and installer.existing() == ()


def test_command_runs_without_the_python_settings_of_the_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert installer.run_here(["/bin/sh", "-c", 'echo "path:$PYTHONPATH"; exit 5']) == 5
    assert capfd.readouterr().out == "path:\n"
    assert installer.run_here(["/no/such/program"]) == 127


def test_python_is_our_own_or_one_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require(("python3-venv",))
    assert installer.usable_python() == sys.executable
    monkeypatch.setattr(installer, "is_bundled", lambda: True)
    with pytest.raises(GpuError, match="python3-venv"):
        installer.usable_python(str(tmp_path))
    old, new = tmp_path / "python3.12", tmp_path / "python3"
    for program, status in ((old, 1), (new, 0)):
        program.write_text(f"#!/bin/sh\nexit {status}\n")
        program.chmod(0o755)
    assert installer.usable_python(str(tmp_path)) == str(new)
