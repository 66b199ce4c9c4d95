"""``kikipounamu gpu`` prints its commands, shows the models' licence, and writes the settings."""

import subprocess
from pathlib import Path

import pytest

from app.cli.installation import gpu_command
from app.cli.main import app
from app.gpu import installer
from app.gpu.installer import MODEL, GpuError
from app.settings.current import settings_now
from speech.models.catalogue import load_catalogue
from tests.helpers.command_line import called
from tests.helpers.packages import require


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    return tmp_path


def run(folder: Path, *arguments: str, card: str = "") -> "subprocess.CompletedProcess[str]":
    """Run the command where ``nvidia-smi`` reports this card."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\necho '{card}'\n")
    program.chmod(0o755)
    return called(app, "gpu", *arguments, environment={"PATH": f"{folder}:/usr/bin:/bin"})


def test_commands_are_printed_for_the_card_and_nothing_is_created(home: Path) -> None:
    require(("python3-venv",))
    result = run(home, "setup", "--print", card="NVIDIA GeForce RTX 5090, 580.95.05, 12.0")
    assert (result.returncode, result.stderr) == (0, "")
    assert "card: NVIDIA GeForce RTX 5090, capability 12.0, driver 580.95.5" in result.stdout
    assert "'torch>=2.9' --index-url https://download.pytorch.org/whl/cu130" in result.stdout
    assert installer.existing() == () and not (home / "config").exists()


def test_package_comes_from_the_file_that_is_named(home: Path) -> None:
    require(("python3-venv",))
    wheel = home / "kikipounamu-0.1.0-py3-none-any.whl"
    assert "does not exist" in run(home, "setup", "--print", "--device", "cpu", "--wheel", str(wheel)).stderr
    wheel.touch()
    result = run(home, "setup", "--print", "--device", "cpu", "--wheel", str(wheel))
    assert (result.returncode, result.stderr) == (0, "") and f"{wheel}[worker,funasr]" in result.stdout


def test_old_driver_is_reported(home: Path) -> None:
    result = run(home, "setup", "--print", card="Tesla T4, 470.1, 7.5")
    assert result.returncode == 1 and "update it to 525" in result.stderr


def test_licence_is_shown_and_must_be_accepted(home: Path) -> None:
    require(("python3-venv",))
    result = run(home, "setup", "--device", "cpu")
    model = next(one for one in load_catalogue().models if one.name == MODEL)
    assert f"{model.title} is under the {model.licence}" in result.stdout and model.attribution in result.stdout
    assert result.returncode == 1 and "--accept-licence" in result.stderr
    assert installer.existing() == ()


@pytest.mark.parametrize(("typed", "fine"), [("y", True), ("YES", True), ("", False), ("n", False)])
def test_licence_is_accepted_by_typing_yes(monkeypatch: pytest.MonkeyPatch, typed: str, fine: bool) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: typed)
    if fine:
        gpu_command._accept_licence(accepted=False)
    else:
        with pytest.raises(GpuError):
            gpu_command._accept_licence(accepted=False)


def test_settings_name_the_environment_until_it_is_removed(home: Path) -> None:
    gpu_command._save_environment(str(home / "gpu"))
    worker = settings_now()[0].worker
    assert (worker.environment, worker.model) == (str(home / "gpu"), MODEL)
    result = run(home, "remove")
    assert result.returncode == 0 and "no environment" in result.stdout
    worker = settings_now()[0].worker
    assert (worker.environment, worker.model) == ("", "")


def test_environment_that_stays_on_disk_is_not_called_removed(home: Path, tmp_path: Path) -> None:
    installer.environments().mkdir(parents=True)
    elsewhere = tmp_path / "large disk"
    elsewhere.mkdir()
    place = installer.environments() / "environment-1"
    place.symlink_to(elsewhere)  # `rmtree` refuses links
    result = run(home, "remove")
    assert result.returncode == 1 and "removed" not in result.stdout
    assert f"{place} cannot be removed" in result.stderr
    assert settings_now()[0].worker.environment == ""


@pytest.mark.parametrize("has_app", [True, False])
def test_environment_is_used_by_the_app_or_its_worker_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], has_app: bool
) -> None:
    require(("python3-venv",))
    monkeypatch.setattr(gpu_command, "_has_app", lambda: has_app)
    monkeypatch.setattr(installer, "set_up", lambda environment, plan, say: environment.mkdir(parents=True))
    gpu_command._set_up(dry_run=False, accepted=True, device="cpu")
    (environment,) = installer.existing()
    assert settings_now()[0].worker.environment == (str(environment) if has_app else "")
    assert ("kikipounamu-worker run --engine funasr" in capsys.readouterr().out) is not has_app
