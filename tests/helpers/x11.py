"""Connections to an X server for the thread of a test."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from app.x11.connection import X11Connection
from app.x11.grab_guard import Grabs
from tests.helpers.desktop import Desktop


class CountedGrabs(Grabs):
    """Counted ``Grabs`` of a process that draws nothing and has no watching parent. ``now``: the held grabs."""

    def __init__(self) -> None:
        self.now = 0

    def begin(self) -> None:
        self.now += 1

    def end(self) -> None:
        self.now -= 1


@contextmanager
def connected(desktop: Desktop) -> Iterator[X11Connection]:
    """Open a connection for the test's own thread."""
    ours, theirs = socket.socketpair()
    grabs = CountedGrabs()
    with ours, theirs:
        found = X11Connection(desktop.display, theirs, grabs)
        yield found
        found.close()
    assert grabs.now == 0, "the server was released"
