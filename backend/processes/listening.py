"""Listening sockets of a gateway with several processes, which its supervisor opens and keeps."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from backend.core.errors import InvalidSettings
from backend.http.modes import ListenAddress
from backend.http.sockets import BACKLOG, listening_sockets
from runtime.folders import fits_socket, private_folder


@dataclass(frozen=True)
class Listener:
    """A listening socket. ``tls``: its connections begin with a handshake."""

    socket: socket.socket
    tls: bool

    @property
    def port(self) -> int:
        """Port on which it listens."""
        return int(self.socket.getsockname()[1])


@contextmanager
def listening(where: Iterable[ListenAddress]) -> Iterator[tuple[Listener, ...]]:
    """Listen on these addresses until the context ends. Raises ``OSError``."""
    with ExitStack() as stack:
        found: list[Listener] = []
        for address in where:
            for opened in listening_sockets(address.host, address.port):
                found.append(Listener(stack.enter_context(opened), address.tls))
        yield tuple(found)


@contextmanager
def forwards(path: Path) -> Iterator[socket.socket]:
    """Listen on a unix socket for the main process until the context ends.

    The supervisor keeps the socket open, so that requests wait there while the main process is replaced.
    """
    if not fits_socket(path):
        raise InvalidSettings(f"a unix socket cannot be created at {path}: set KIKIPOUNAMU_HOME to a shorter path")
    private_folder(path.parent)
    with suppress(FileNotFoundError):
        path.unlink()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as opened:
        opened.bind(str(path))
        try:
            opened.listen(BACKLOG)
            opened.setblocking(False)
            yield opened
        finally:
            with suppress(FileNotFoundError):
                path.unlink()
