import os
import runpy
import signal
import sys
import tomllib
from pathlib import Path

import pytest

from runtime import bundle
from runtime.leash import MODULE as LEASH

ROOT = Path(__file__).parents[2]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record which entry points and modules are run, and with which arguments; return the list."""
    run: list[str] = []

    class Module:
        def main(self) -> None:
            run.append(" ".join(sys.argv))

    def imported(module: str) -> Module:
        run.append(module)
        return Module()

    def run_module(module: str, run_name: str, alter_sys: bool) -> None:
        assert run_name == "__main__" and alter_sys
        run.extend([module, " ".join(sys.argv)])

    monkeypatch.setattr(bundle, "import_module", imported)
    monkeypatch.setattr(runpy, "run_module", run_module)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    return run


def test_programs_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert dict(project["scripts"]) == bundle.PROGRAMS


@pytest.mark.parametrize(
    ("arguments", "runs"),
    [
        (["/x/kikipounamu", "app"], ["app.cli.entry", "/x/kikipounamu app"]),
        (["kikipounamu-worker", "run"], ["worker.entry", "kikipounamu-worker run"]),
        (["/x/kikipounamu-gateway.exe"], ["backend.cli.entry", "/x/kikipounamu-gateway.exe"]),
        (["renamed", "-m"], ["app.cli.entry", "renamed -m"]),
        (["/x/kikipounamu", "-m", "some.module", "a"], ["some.module", "/x/kikipounamu a"]),
    ],
)
def test_start_runs_the_program_or_module_of_the_command_line(
    started: list[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str], runs: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", arguments)
    bundle.start()
    assert started == runs


@pytest.mark.parametrize(
    ("opened", "seen"), [("org.kikipounamu.app", "/x/kikipounamu app"), ("x", "/x/kikipounamu")]
)
def test_app_starts_when_its_icon_is_opened_on_macos(
    started: list[str], monkeypatch: pytest.MonkeyPatch, opened: str, seen: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["/x/kikipounamu"])
    monkeypatch.setitem(os.environ, "__CFBundleIdentifier", opened)
    bundle.start()
    assert started == ["app.cli.entry", seen]


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: PR_SET_PDEATHSIG")
def test_leash_of_an_own_program_needs_no_other_process(
    started: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    worker = tmp_path / "kikipounamu-worker"
    worker.symlink_to(sys.executable)
    leashed: list[tuple[int, int]] = []
    monkeypatch.setattr(bundle, "leash_self", lambda parent, number: leashed.append((parent, number)))
    leash = ["/x/kikipounamu", "-m", LEASH, "15", "7"]
    monkeypatch.setattr(sys, "argv", [*leash, str(worker), "run"])
    bundle.start()
    assert leashed == [(7, signal.SIGTERM)] and started == ["worker.entry", f"{worker} run"]
    started.clear()
    monkeypatch.setattr(sys, "argv", [*leash, "valkey-server", "--port", "0"])
    bundle.start()
    assert started == [LEASH, "/x/kikipounamu 15 7 valkey-server --port 0"] and len(leashed) == 1


def test_environment_is_restored_to_that_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "_MEIPASS", "/x/_internal", raising=False)
    environment = {"_PYI_ARCHIVE_FILE": "a", "LD_LIBRARY_PATH": "/x/_internal", "LD_LIBRARY_PATH_ORIG": "/usual"}
    bundle.restore_environment(environment)
    assert environment == {"LD_LIBRARY_PATH": "/usual"}
    environment = {"LD_LIBRARY_PATH": "/x/_internal", "HOME": "/h"}
    bundle.restore_environment(environment)
    assert environment == {"HOME": "/h"}
    environment = {"LD_LIBRARY_PATH": "/usual"}
    bundle.restore_environment(environment)
    assert environment == {"LD_LIBRARY_PATH": "/usual"}
