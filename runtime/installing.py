"""Terminal commands that install packages into this program's Python.

The commands name that Python by its full path: the ``pip`` on the terminal's path belongs to another Python and
may refuse (PEP 668). An extra also works for an installation from the source folder.
"""

import shlex
import subprocess
import sys

from runtime.programs import is_bundled

_PROGRAM = "kikipounamu"


def extra_command(extras: str) -> str:
    """Return the command that installs extras of this program, separated by commas."""
    return _command(f"{_PROGRAM}[{extras}]")


def again_command(*packages: str) -> str:
    """Return the command that reinstalls broken packages."""
    return _command("--force-reinstall", *packages)


def _command(*what: str) -> str:
    words = [sys.executable, "-m", "pip", "install", *what]
    if is_bundled():  # nothing can be added to a folder: this names the place of the folder that has everything
        words = [sys.executable, "update"]
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
