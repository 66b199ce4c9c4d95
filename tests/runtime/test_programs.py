import subprocess
import sys
from pathlib import Path

import pytest

from runtime.programs import is_bundled, module_command


def test_module_command_runs_a_module_of_this_installation(tmp_path: Path) -> None:
    (tmp_path / "runtime").mkdir()
    (tmp_path / "runtime" / "leash.py").write_text("raise SystemExit(1)")
    command = [*module_command("runtime.leash"), "15", "1", "true"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode != 1, "nothing of the current folder is imported"


def test_module_command_calls_the_one_executable_when_bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_bundled()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert is_bundled() and module_command("worker.engine_main") == (sys.executable, "-m", "worker.engine_main")
