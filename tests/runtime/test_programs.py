import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from runtime.bundle import PROGRAMS
from runtime.programs import is_bundled, module_command

ROOT = Path(__file__).resolve().parents[2]
CALL = re.compile(r"""module_command\((?:"([\w.]+)"|(\w+))\)""")


def test_module_command_runs_a_module_of_this_installation(tmp_path: Path) -> None:
    (tmp_path / "runtime").mkdir()
    (tmp_path / "runtime" / "leash.py").write_text("raise SystemExit(1)")
    command = [*module_command("runtime.leash"), "15", "1", "true"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode != 1, "a module of the current folder was imported"


def test_module_command_calls_the_one_executable_when_bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_bundled()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert is_bundled() and module_command("worker.engine_main") == (sys.executable, "-m", "worker.engine_main")


def test_modules_that_are_run_by_name_exist() -> None:
    """A self-contained folder starts modules by name, so only this test notices that one was moved."""
    named = set()
    for package in ("app", "backend", "loadtest", "runtime", "worker"):
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text("utf-8")
            for module, constant in CALL.findall(text):
                values = (
                    re.findall(rf'^{constant}(?:: Final)? = "([\w.]+)"', text, re.MULTILINE)
                    if constant
                    else [module]
                )
                named.update(values)
    assert len(named) > 8 and {module for module in named if find_spec(module) is None} == set()


def test_programs_of_a_self_contained_folder_name_existing_functions() -> None:
    for place in PROGRAMS.values():
        module, _, function = place.partition(":")
        found = find_spec(module)
        assert found and found.origin and f"\ndef {function}(" in Path(found.origin).read_text("utf-8")
