"""Wait until the running app and the child processes that run the same program have ended."""

import os
import socket
import struct
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

_CONNECT_S: Final = 5.0
_CHECK_S: Final = 0.05
_CREDENTIALS: Final = struct.Struct("3i")  # <sys/socket.h>: pid, uid, gid


def processes_of_app(place: Path) -> list[psutil.Process]:
    """Return the app that listens on the socket ``place``, and its children that run the same program.

    Other children, such as a browser, may outlive it. Empty if no app listens or its process id is unknown.
    """
    with suppress(psutil.Error, OSError):
        app = psutil.Process(_listener(place))
        program = app.exe()
        children = app.children(recursive=True)
        return [app, *(child for child in children if child.pid != os.getpid() and _program(child) == program)]
    return []


def wait_for_end(processes: Sequence[psutil.Process], patience_s: float) -> bool:
    """Wait up to ``patience_s`` and return whether all processes have ended. Blocks."""
    until = time.monotonic() + patience_s
    while any(map(_runs, processes)):
        if time.monotonic() >= until:
            return False
        time.sleep(_CHECK_S)
    return True


def _listener(place: Path) -> int:
    """Return the id of the process that listens on a unix socket. Raises ``OSError``."""
    if sys.platform != "linux":
        raise OSError("only Linux is asked")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_CONNECT_S)
        connection.connect(os.fspath(place))
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    process: int = _CREDENTIALS.unpack(credentials)[0]
    return process


def _program(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return process.exe()
    return ""


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
