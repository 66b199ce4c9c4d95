"""Shared screens for all tests of this folder that need one."""

from collections.abc import Iterator

import pytest

from tests.app.x11_screen import connection, other, screen
from tests.helpers.desktop import Desktop
from tests.helpers.waiting import DEADLINE_S
from tests.helpers.wayland_desktop import WaylandDesktop, running_sway

__all__ = ["connection", "other", "screen"]  # fixtures


@pytest.fixture(scope="package")
def sway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WaylandDesktop]:
    with running_sway(tmp_path_factory.mktemp("sway")) as desktop:
        yield desktop


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
