"""Libraries send no reports, and keep no files of their own in the user's home."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from runtime.bundle import PROGRAMS
from runtime.telemetry import SWITCHES

_IMPORT = """
from runtime.telemetry import switch_off_telemetry
switch_off_telemetry()
import onnxruntime
onnxruntime.SessionOptions()
"""


def test_onnx_runtime_writes_nothing_into_home(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in SWITCHES}
    environment = kept | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", _IMPORT], env=environment, check=True, timeout=60)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_switches_telemetry_off_before_it_does_anything(
    program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module, _, name = PROGRAMS[program].partition(":")
    main: Callable[[], None] = getattr(import_module(module), name)
    for switch in SWITCHES:
        monkeypatch.setenv(switch, "")
    monkeypatch.setattr(sys, "argv", [program, "--help"])
    with pytest.raises(SystemExit):
        main()
    assert {switch: os.environ[switch] for switch in SWITCHES} == SWITCHES
    capsys.readouterr()
