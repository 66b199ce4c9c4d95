"""The program under test: its command line in this process, or the program as operators start it."""

import os
import subprocess
import sys
from pathlib import Path

from loadtest.cli import app
from tests.helpers.command_line import called

PROGRAM = str(Path(sys.executable).parent / "kikipounamu-loadtest")


def run(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command line in this process."""
    return called(app, *arguments, environment={"KIKIPOUNAMU_HOME": str(home)})


def run_apart(home: Path, *arguments: str, timeout: float = 100.0) -> "subprocess.CompletedProcess[str]":
    """Run the program in a process, where its children or this process's event loop would disturb the test."""
    environment = os.environ | {"KIKIPOUNAMU_HOME": str(home)}
    command = [PROGRAM, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout, check=False)


def start(home: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start the program, to run beside the test."""
    environment = os.environ | {"KIKIPOUNAMU_HOME": str(home)}
    return subprocess.Popen([PROGRAM, *arguments], env=environment, stdout=subprocess.PIPE, text=True)
