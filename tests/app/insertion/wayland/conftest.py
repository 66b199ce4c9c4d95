"""Desktops for all tests of this folder that need one."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from app.wayland.connection import WaylandConnection
from app.wayland.interfaces import DATA_CONTROL_MANAGERS, SEAT
from tests.helpers.wayland_desktop import WaylandDesktop, running_labwc, running_sway


@pytest.fixture(scope="package")
def sway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WaylandDesktop]:
    with running_sway(tmp_path_factory.mktemp("sway")) as desktop:
        yield desktop


@pytest.fixture(scope="package")
def labwc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WaylandDesktop]:
    with running_labwc(tmp_path_factory.mktemp("labwc")) as desktop:
        yield desktop


@asynccontextmanager
async def owned(desktop: WaylandDesktop, *formats: str) -> AsyncIterator[list[int]]:
    """Own the clipboard without ever answering; none of ``formats`` clears it. Return the pipes of requests."""
    pipes: list[int] = []
    async with await WaylandConnection.open(desktop.environment) as wayland:
        manager = wayland.bind(next(kind for kind in DATA_CONTROL_MANAGERS if kind.name in wayland.globals))
        device = manager.request("get_data_device", wayland.bind(SEAT))
        source = manager.request("create_data_source") if formats else None
        if source is not None:
            for name in formats:
                source.request("offer", name)
            source.on("send", lambda name, pipe: pipes.append(pipe))
        device.request("set_selection", source)
        await wayland.roundtrip()
        yield pipes
    for pipe in pipes:
        os.close(pipe)


@pytest.fixture(autouse=True)
def nothing_stays(request: pytest.FixtureRequest) -> Iterator[None]:
    """End the windows of a test with the test."""
    names = [name for name in ("sway", "labwc") if name in request.fixturenames]
    desktops: list[WaylandDesktop] = [request.getfixturevalue(name) for name in names]
    counts = [len(desktop.processes) for desktop in desktops]
    yield
    for desktop, count in zip(desktops, counts, strict=True):
        while len(desktop.processes) > count:
            process = desktop.processes.pop()
            process.terminate()
            process.wait(10)
