"""Shared screens for all tests of this folder that need one."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.insertion.x11.connection import X11Connection
from app.insertion.x11.grab_guard import Grabs
from tests.helpers.desktop import Desktop, running_desktop
from tests.helpers.waiting import DEADLINE_S
from tests.helpers.wayland_desktop import WaylandDesktop, running_sway


@pytest.fixture(scope="package")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    with running_desktop(tmp_path_factory.mktemp("screen"), tray=False) as desktop:
        yield desktop


@pytest.fixture(scope="package")
def sway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WaylandDesktop]:
    with running_sway(tmp_path_factory.mktemp("sway")) as desktop:
        yield desktop


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


@pytest.fixture
def connection(screen: Desktop) -> Iterator[X11Connection]:
    with connected(screen) as found:
        yield found


@pytest.fixture
def other(screen: Desktop) -> Iterator[X11Connection]:
    """A connection of another client in the same process."""
    with connected(screen) as found:
        yield found


@pytest.fixture(autouse=True)
def nothing_stays(request: pytest.FixtureRequest) -> Iterator[None]:
    """End the windows and copies of a test with the test."""
    if "screen" not in request.fixturenames:
        yield
        return
    desktop: Desktop = request.getfixturevalue("screen")
    count = len(desktop.processes)
    yield
    while len(desktop.processes) > count:
        process = desktop.processes.pop()
        process.terminate()
        process.wait(DEADLINE_S)
