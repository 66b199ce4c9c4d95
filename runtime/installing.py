"""Terminal commands that add packages to this program.

They call Python by its full path: the ``pip`` on the terminal's path may belong to another Python, and may
refuse (PEP 668). An extra also works for an installation from the source folder. Nothing can be added to a
self-contained folder: there the command updates the folder, or sets up an environment next to it.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from runtime.programs import is_bundled

if TYPE_CHECKING:  # commands start without logging
    from runtime.event_names import LogEvent
    from runtime.logger import Logger

_PROGRAM: Final = "kikipounamu"
_OWN_ENVIRONMENTS: Final = {"funasr": ("gpu", "setup")}
"""Extras that a command of ours installs into a separate environment next to a self-contained folder."""


def extra_command(extras: str) -> str:
    """Return the command that adds extras of this program, separated by commas."""
    return command_text(
        _own(*_OWN_ENVIRONMENTS.get(extras, ("update",))) if is_bundled() else _pip(f"{_PROGRAM}[{extras}]")
    )


def reinstall_command(*packages: str) -> str:
    """Return the command that reinstalls broken packages."""
    return command_text(_own("update") if is_bundled() else _pip("--force-reinstall", *packages))


def missing_library(error: ModuleNotFoundError, extra: str) -> str:
    """Return which library is missing, and the command that installs its extra.

    Raises ``error`` if the library is installed, because then the fault is ours.
    """
    library = (error.name or "").partition(".")[0]
    if not library or find_spec(library):
        raise error
    return f"{library} is not installed: run {extra_command(extra)}"


def log_missing_library(error: ModuleNotFoundError, program: str, logger: "Logger", event: "LogEvent") -> None:
    """Log that a program cannot run, and the command that installs the extra of the same name."""
    from runtime.folders import folders
    from runtime.logs import logging_to

    reason = missing_library(error, program)
    with logging_to(program, folders().logs):
        logger.error(event, reason=reason)


def _pip(*what: str) -> list[str]:
    return [sys.executable, "-m", "pip", "install", *what]


def _own(*words: str) -> list[str]:
    """Return a command of the main program in this folder: on Windows each program is a file of its own."""
    folder, name = os.path.split(sys.executable)
    return [os.path.join(folder, _PROGRAM + os.path.splitext(name)[1]), *words]


def command_text(words: Sequence[str], platform: str = sys.platform) -> str:
    """Return a command as people type it."""
    return subprocess.list2cmdline(words) if platform == "win32" else shlex.join(words)
