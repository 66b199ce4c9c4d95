"""A disk that cannot hold sockets, as FAT and exFAT cannot: they need a kernel that has them, and root."""

import errno
import os
import socket
from typing import NoReturn

import pytest


def without_sockets(monkeypatch: pytest.MonkeyPatch, number: int = errno.EPERM) -> None:
    """Refuse every new socket in a folder, in this process."""

    def refuse(self: socket.socket, address: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket.socket, "bind", refuse)
