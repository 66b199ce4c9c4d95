"""Install the wheel as users do, and use it in an empty folder with a fresh home: no checkout is near."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from runtime.bundle import PROGRAMS
from scripts.release import wheels
from scripts.release.source import version_of
from tests.helpers.waiting import wait_until_sync

ROOT = Path(__file__).resolve().parents[2]
CONSTRAINTS = str(ROOT / "constraints.txt")
INSTALL_S = 900
USE_S = 240
DATA = (".config", ".local/share", ".local/state")


@dataclass(frozen=True)
class Person:
    """A user with a fresh home, who works in an empty folder. ``tools``: where pipx and uv are."""

    home: Path
    tools: Path
    models: Path

    def run(self, *command: str | Path, seconds: float = USE_S) -> str:
        """Run a command and return what it printed."""
        done = subprocess.run(
            [str(word) for word in command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    @property
    def folder(self) -> Path:
        """The empty folder in which the person works."""
        return self.home.parent / "empty"

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables without any trace of the checkout."""
        left_out = ("KIKIPOUNAMU", "PYTHON", "VIRTUAL_ENV", "XDG_", "PYTEST", "QT_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
        path = os.pathsep.join(map(str, (self.home / ".local" / "bin", "/usr/bin", "/bin")))
        run = str(self.home.parent / "run")
        own = {"HOME": str(self.home), "PATH": path, "XDG_RUNTIME_DIR": run, "QT_QPA_PLATFORM": "offscreen"}
        return {**kept, **own, "KIKIPOUNAMU_MODELS": str(self.models)}


@pytest.fixture
def person(tmp_path: Path, models: Path) -> Person:
    for name, mode in (("home", 0o755), ("empty", 0o755), ("run", 0o700)):
        (tmp_path / name).mkdir(mode=mode)
    return Person(tmp_path / "home", tmp_path / "tools", models)


@dataclass(frozen=True)
class Installation:
    """The folder of the installed programs, and the command that removes them."""

    programs: Path
    uninstall: tuple[str | Path, ...]


def with_pip(person: Person, wheel: str) -> Installation:
    environment = person.home / "kiki"
    person.run(sys.executable, "-m", "venv", environment)
    person.run(environment / "bin" / "pip", "install", "-q", "-c", CONSTRAINTS, wheel, seconds=INSTALL_S)
    return Installation(environment / "bin", ("rm", "-r", environment))


def with_pipx(person: Person, wheel: str) -> Installation:
    program = get_tool(person, "pipx")
    options = ["--python", sys.executable, "--pip-args", f"-c {CONSTRAINTS}"]
    person.run(program, "install", *options, wheel, seconds=INSTALL_S)
    return Installation(person.home / ".local" / "bin", (program, "uninstall", "kikipounamu"))


def with_uv(person: Person, wheel: str) -> Installation:
    program = get_tool(person, "uv")
    options = ["--python", sys.executable, "-c", CONSTRAINTS]
    person.run(program, "tool", "install", *options, wheel, seconds=INSTALL_S)
    return Installation(person.home / ".local" / "bin", (program, "tool", "uninstall", "kikipounamu"))


def get_tool(person: Person, name: str) -> Path:
    person.run(sys.executable, "-m", "venv", person.tools)
    person.run(person.tools / "bin" / "pip", "install", "-q", name, seconds=INSTALL_S)
    return person.tools / "bin" / name


def start_and_quit_the_app(person: Person, programs: Path) -> None:
    with subprocess.Popen(
        [programs / "kikipounamu", "app", "--hidden"], cwd=person.folder, env=person.environment
    ) as app:
        try:
            wait_until_sync(lambda: is_running(person, programs), "the app answers", 60)
            wait_until_sync(lambda: notices_an_update(person, programs), "the app tells to restart it", 120)
            person.run(programs / "kikipounamu", "quit")
            assert app.wait(60) == 0
        finally:
            app.kill()


def is_running(person: Person, programs: Path) -> bool:
    command = [str(programs / "kikipounamu"), "status"]
    asked = subprocess.run(command, env=person.environment, capture_output=True, timeout=USE_S)
    return asked.returncode == 0


def notices_an_update(person: Person, programs: Path) -> bool:
    """Change the time of a file of the running program, and return whether the app says so."""
    environment = (programs / "kikipounamu").resolve().parent.parent
    (module,) = environment.glob("lib/python*/site-packages/app/main.py")
    module.touch()
    return "updated or removed" in person.run(programs / "kikipounamu", "status")


@pytest.mark.proof(minutes=4)
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("install", [with_pip, with_pipx, with_uv])
def test_wheel_dictates_without_a_checkout_and_leaves_only_data(
    person: Person, tmp_path: Path, install: Callable[[Person, str], Installation]
) -> None:
    version = version_of((ROOT / "pyproject.toml").read_text())
    wheel, _ = wheels.build(ROOT, tmp_path, version)
    installed = install(person, f"{wheel}[all]")
    programs = installed.programs
    for name in PROGRAMS:
        assert person.run(programs / name, "--version") == f"{name} {version}\n"
    assert "WER 0.0%" in person.run(programs / "kikipounamu", "demo", seconds=INSTALL_S)
    start_and_quit_the_app(person, programs)
    assert "removed" in person.run(programs / "kikipounamu", "desktop", "remove")
    person.run(*installed.uninstall)
    data = [person.home / ".cache", *(person.home / where / "kikipounamu" for where in DATA)]
    left = [path for path in person.home.rglob("*kikipounamu*") if not any(map(path.is_relative_to, data))]
    assert [path for path in left if path.suffix != ".lock"] == [], "only pipx's empty lock may stay"
