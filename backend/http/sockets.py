"""Listening sockets: one for each address that a host stands for."""

import errno
import socket
from contextlib import ExitStack
from typing import Final

from backend.http.modes import EVERYWHERE

BACKLOG: Final = 1024
_NO_IPV6: Final = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})


def listening_sockets(host: str, port: int) -> tuple[socket.socket, ...]:
    """Return listening sockets that do not block; ``EVERYWHERE`` has two at one port. Raises ``OSError``."""
    with ExitStack() as opened:
        found: list[socket.socket] = []
        for family, place in _places(host, port):
            at = (place[0], found[0].getsockname()[1]) if found and host == EVERYWHERE else place
            try:
                one = opened.enter_context(socket.create_server(at, family=family, backlog=BACKLOG))
            except OSError as error:
                if host == EVERYWHERE and found and error.errno in _NO_IPV6:
                    continue  # this computer has switched IPv6 off
                raise
            one.setblocking(False)
            found.append(one)
        opened.pop_all()
        return tuple(found)


def _places(host: str, port: int) -> dict[tuple[int, tuple[str, int]], None]:
    if host == EVERYWHERE:
        return dict.fromkeys([(socket.AF_INET, ("0.0.0.0", port)), (socket.AF_INET6, ("::", port))])
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return dict.fromkeys((int(family), (str(place[0]), int(place[1]))) for family, *_, place in found)
