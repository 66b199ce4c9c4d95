"""Shared screens, and a message bus with a fake IBus, for all tests of this folder that need one."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.app.x11_screen import connection, other, screen
from tests.helpers.desktop import Screen
from tests.helpers.fake_ibus import FakeIBus
from tests.helpers.message_bus import RunningBus, running_bus
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
    names = [name for name in ("screen", "sway", "labwc") if name in request.fixturenames]
    desktops: list[Screen] = [request.getfixturevalue(name) for name in names]
    counts = [len(desktop.processes) for desktop in desktops]
    yield
    for desktop, count in zip(desktops, counts, strict=True):
        while len(desktop.processes) > count:
            process = desktop.processes.pop()
            process.kill()  # a stopped process does not end otherwise
            process.wait(DEADLINE_S)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[RunningBus]:
    """Return a message bus that runs during the test."""
    with running_bus(tmp_path) as bus:
        yield bus


@pytest.fixture
async def daemon(bus: RunningBus) -> AsyncIterator[FakeIBus]:
    """Run a fake daemon of IBus."""
    daemon = await FakeIBus.open(bus.address)
    yield daemon
    await daemon.close()
