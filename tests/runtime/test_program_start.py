"""Libraries send no reports, keep no files in the user's home, and limits that are too low are named."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from runtime.bundle import PROGRAMS
from runtime.program_start import SWITCHES
from tests.helpers.entries import required_with_limit

_IMPORT = """
from runtime.program_start import set_environment
set_environment()
import onnxruntime
onnxruntime.SessionOptions()
"""


def test_onnx_runtime_writes_nothing_into_home(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in SWITCHES}
    environment = kept | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", _IMPORT], env=environment, check=True, timeout=60)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_sets_its_environment_before_it_does_anything(
    program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module, _, name = PROGRAMS[program].partition(":")
    main: Callable[[], None] = getattr(import_module(module), name)
    for switch in SWITCHES:
        monkeypatch.setenv(switch, "")
    monkeypatch.setenv("HOME", "")
    monkeypatch.setattr(sys, "argv", [program, "--help"])
    with pytest.raises(SystemExit):
        main()
    assert {switch: os.environ[switch] for switch in SWITCHES} == SWITCHES
    assert "HOME" not in os.environ, "an empty one makes the root folder the user's home"
    capsys.readouterr()


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: limits of memory and threads")
@pytest.mark.parametrize(
    ("limit", "value", "needs", "output", "refusal"),
    [
        ("RLIMIT_AS", (10**9, 10**9), "memory_mb=100", "runs with 1000000000\n", ""),
        ("RLIMIT_AS", (10**9, 10**9), "memory_mb=1000", "", "needs 1000 MB of memory"),
        ("RLIMIT_AS", (10**9, 10**9), "threads=1", "runs with 1000000000\n", ""),
        ("RLIMIT_DATA", (10**9, 10**9), "memory_mb=1000", "", "allow it more (ulimit -v)"),
        ("RLIMIT_NOFILE", (16, 64), "files=36", "runs with 36\n", ""),
        ("RLIMIT_NOFILE", (60, 64), "files=36", "runs with 60\n", ""),
        ("RLIMIT_NOFILE", (16, 20), "files=36", "", "may only open 20 files at once"),
        ("RLIMIT_NPROC", (1, 1), "threads=4", "", "refuses 4 threads"),
        ("RLIMIT_NPROC", (1, 1), "memory_mb=1", "runs with 1\n", ""),
    ],
)
def test_program_ends_with_the_name_of_a_limit_that_is_too_low(
    limit: str, value: tuple[int, int], needs: str, output: str, refusal: str
) -> None:
    status, printed, message = required_with_limit(limit, value, needs)
    assert (status, printed) == (1 if refusal else 0, output)
    assert refusal in message and message.count("\n") == bool(refusal)
