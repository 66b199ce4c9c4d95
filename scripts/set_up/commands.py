"""Commands that set-up runs, and what it tells the user."""

import subprocess
import sys
from pathlib import Path
from typing import Any


class SetUpFailed(Exception):
    """Set-up cannot continue; the text states the remedy."""


def say(text: str) -> None:
    """Inform the user on standard error; standard output is for results."""
    print(text, file=sys.stderr, flush=True)


def call(*command: str | Path, output: Any = None, **options: Any) -> None:
    """Run a command. Its output goes to standard error by default. Raises ``SetUpFailed`` with its name."""
    arguments = [str(word) for word in command]
    try:
        subprocess.run(arguments, check=True, stdin=subprocess.DEVNULL, stdout=output or sys.stderr, **options)
    except (OSError, subprocess.CalledProcessError) as error:
        where = f"above and {output.name}" if output else "above"
        raise SetUpFailed(f"this command failed, see {where}: {' '.join(arguments)}") from error
