"""The program under test, as operators start it."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = str(Path(sys.executable).parent / "kikipounamu-loadtest")


def run(home: Path, *arguments: str, timeout: float = 100.0) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"KIKIPOUNAMU_HOME": str(home)}
    command = [PROGRAM, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout, check=False)


def start(home: Path, *arguments: str) -> "subprocess.Popen[str]":
    environment = os.environ | {"KIKIPOUNAMU_HOME": str(home)}
    return subprocess.Popen([PROGRAM, *arguments], env=environment, stdout=subprocess.PIPE, text=True)
