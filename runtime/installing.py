"""How something is added to the Python that this program runs in, as a line for a terminal.

The whole path of that Python stands in it: the ``pip`` that a terminal finds by itself is another one's, and may
refuse (PEP 668). It takes an extra of a program that is installed from its source folder too.
"""

import shlex
import subprocess
import sys

_PROGRAM = "kikipounamu"


def extra_command(extras: str) -> str:
    """For extras of this program, separated by commas."""
    return _command(f"{_PROGRAM}[{extras}]")


def again_command(*packages: str) -> str:
    """For packages that are installed and do not work."""
    return _command("--force-reinstall", *packages)


def _command(*what: str) -> str:
    words = [sys.executable, "-m", "pip", "install", *what]
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
