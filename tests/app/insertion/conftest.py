"""Shared screens for all tests of this folder that need one."""

from collections.abc import Iterator

import pytest

from app.x11.connection import X11Connection
from tests.helpers.desktop import Desktop, running_desktop
from tests.helpers.waiting import DEADLINE_S
from tests.helpers.wayland_desktop import WaylandDesktop, running_sway
from tests.helpers.x11 import connected


@pytest.fixture(scope="package")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    with running_desktop(tmp_path_factory.mktemp("screen"), tray=False) as desktop:
        yield desktop


@pytest.fixture(scope="package")
def sway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WaylandDesktop]:
    with running_sway(tmp_path_factory.mktemp("sway")) as desktop:
        yield desktop


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
