"""Test that programs start soon: no program imports a library before it needs it."""

import subprocess
import sys

import pytest

from tests.helpers.packages import require
from tests.helpers.qt import NEEDED

FOR_NO_START = frozenset({"attrs", "hypothesis", "pydantic", "segno", "structlog"})
SERVERS = frozenset({"aiohttp", "redis", "cryptography", "sqlalchemy", "yarl", "zeroconf"})
SPEECH = frozenset({"av", "numpy", "onnxruntime", "sounddevice", "soundfile", "soxr", "speech.vad", "torch"})
DOWNLOADS = frozenset({"urllib.request", "speech.models.download"})
SCREENS = frozenset({"PySide6", "rich"})

APART = {
    "app.cli.main": {*SERVERS, *SPEECH, *SCREENS, "asyncio", "logging", "msgspec", "protocol.captions"},
    "app.main": {
        *(*SERVERS, *SPEECH, *DOWNLOADS, "rich", "importlib.metadata", "psutil"),
        *("app.application", "app.ui.shell.pages", "app.windows"),
    },
    "app.insertion.helper.main": {*SERVERS, *SPEECH, *SCREENS, "Xlib", "asyncio", "logging", "msgspec"},
    "app.insertion.wayland.assembly": {*SERVERS, *SPEECH, *SCREENS, "Xlib"},
    "app.insertion.x11.inserter": {*SERVERS, *SPEECH, *SCREENS, "dbus_fast"},
    "backend.cli.main": {*SPEECH, *SCREENS, "backend.gateway", "client", "psutil", "sqlalchemy"},
    "backend.cli.process": {*SPEECH, *SCREENS, "client", "sqlalchemy"},
    "loadtest.cli": {*SPEECH, "PySide6", "redis"},
    "worker.cli": {*SPEECH, *SCREENS, *DOWNLOADS, "aiohttp"},
    "worker.engine_main": {*SERVERS, *SPEECH, *SCREENS, "asyncio", "importlib.metadata", "logging", "psutil"},
}

BUILD = """
commands = getattr(program, "app", getattr(program, "cli", None))
if hasattr(commands, "registered_commands"):
    import typer.main
    typer.main.get_command(commands)
"""
"""Makes the options of a command line, for which typer may import more."""


@pytest.mark.parametrize("program", APART)
def test_program_imports_only_what_its_start_needs(program: str) -> None:
    if program == "app.main":
        require(NEEDED)
    command = [sys.executable, "-P", "-c", f"import sys, {program} as program\n{BUILD}\nprint(*sys.modules)"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert (APART[program] | FOR_NO_START) & set(done.stdout.split()) == set()
