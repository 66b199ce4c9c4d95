import subprocess
import sys
from pathlib import Path

import pytest

from runtime.program_start import NO_MEMORY
from tests.helpers.entries import collects_after_its_imports, ended_with_limit, interrupted_during

CODE = """
import atexit, sys
from app.cli.entry import main
atexit.register(lambda: print("full command line:", "app.cli.main" in sys.modules))
main()
"""


def run(home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {"KIKIPOUNAMU_HOME": str(home), "PATH": ""}
    command = [sys.executable, "-c", CODE, *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_entry_sends_verb_to_running_app_without_full_command_line(tmp_path: Path) -> None:
    done = run(tmp_path, "toggle")
    assert (done.returncode, done.stdout) == (1, "full command line: False\n") and "is not running" in done.stderr


def test_entry_leaves_other_words_to_full_command_line(tmp_path: Path) -> None:
    shown = run(tmp_path, "toggle", "--help")
    assert shown.returncode == 0 and "Start dictation in the running app" in shown.stdout
    assert "transcribe" in run(tmp_path, "--help").stdout
    assert run(tmp_path, "status", "--jason").returncode == 2


def test_entry_collects_garbage_only_after_its_imports() -> None:
    assert collects_after_its_imports("app.cli.entry")


@pytest.mark.parametrize("imported", ["runtime.terminal", "app.cli.control_command", "app.cli.main"])
def test_entry_ends_without_traceback_when_interrupted_during_imports(imported: str) -> None:
    assert interrupted_during("app.cli.entry", imported) == (130, "")


@pytest.mark.parametrize("imported", ["app.control.client", "app.cli.main"])
def test_entry_ends_in_one_line_when_memory_is_used_up_during_imports(imported: str) -> None:
    assert interrupted_during("app.cli.entry", imported, "MemoryError") == (1, f"{NO_MEMORY}\n")


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: limits of memory and files")
@pytest.mark.parametrize(
    "words", [("transcribe", "a.wav"), ("listen",), ("up",), ("demo",), ("app",)], ids=" ".join
)
@pytest.mark.parametrize(
    ("limit", "value", "option"), [("RLIMIT_AS", 400_000_000, "-v"), ("RLIMIT_NOFILE", 20, "-n")]
)
def test_command_names_the_limit_that_is_too_low(
    words: tuple[str, ...],
    limit: str,
    value: int,
    option: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    status, message = ended_with_limit("app.cli.entry", limit, value, *words)
    assert (status, message.count("\n")) == (1, 1) and f"(ulimit {option}" in message
