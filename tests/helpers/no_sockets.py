"""A simulated disk that cannot hold sockets, like FAT and exFAT: real ones need kernel support and root."""

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
