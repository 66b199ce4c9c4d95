"""Desktops for all tests of this folder that need one."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

import pytest

from app.insertion.helper.inserter import WAYLAND_COMMAND, HelperInserter
from app.insertion.plan import Rules
from app.insertion.wayland.contents import read_contents
from app.wayland.connection import WaylandConnection, WaylandObject
from app.wayland.interfaces import DATA_CONTROL_MANAGERS, SEAT
from runtime.tasks import Tasks
from tests.helpers.desktop import PATIENT_S
from tests.helpers.waiting import wait_until
from tests.helpers.wayland_desktop import WaylandDesktop, running_labwc


@pytest.fixture(scope="package")
def labwc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WaylandDesktop]:
    with running_labwc(tmp_path_factory.mktemp("labwc")) as desktop:
        yield desktop


@asynccontextmanager
async def opened(
    desktop: WaylandDesktop, patience_s: float = PATIENT_S, command: Sequence[str] = WAYLAND_COMMAND
) -> AsyncIterator[HelperInserter]:
    """Open an inserter for this desktop."""
    inserter = await HelperInserter.on_wayland(desktop.environment, Rules(), patience_s, command)
    try:
        yield inserter
    finally:
        await inserter.close()


async def same_clipboard(desktop: WaylandDesktop, expected: dict[str, bytes], *, primary: bool = False) -> bool:
    """Return whether the clipboard has exactly these contents."""
    return await asyncio.to_thread(lambda: desktop.copied_as(primary=primary)) == expected


async def same_text(desktop: WaylandDesktop, expected: bytes) -> bool:
    """Return whether the clipboard has exactly this text."""
    return await asyncio.to_thread(desktop.copied) == expected


@asynccontextmanager
async def managing(desktop: WaylandDesktop, late_s: float = 0.0) -> AsyncIterator[list[bytes]]:
    """Run a clipboard manager that has read the present contents, and reads all formats of each new copy.

    ``late_s``: how long after a copy a busy one reads. Yield the texts.
    """
    texts: list[bytes] = []
    offers: list[WaylandObject] = []
    formats: dict[WaylandObject, list[str]] = {}
    reading = Tasks("manager")

    async def read(offer: WaylandObject) -> None:
        await asyncio.sleep(late_s)
        contents = await read_contents(offer, formats[offer])
        texts.append((contents or {}).get("text/plain;charset=utf-8", b"?"))

    def changed(offer: WaylandObject | None) -> None:
        if offer is not None:
            offers.append(offer)
            reading.start(read(offer), "read")

    async with await WaylandConnection.open(desktop.environment) as wayland:
        manager = wayland.bind(next(kind for kind in DATA_CONTROL_MANAGERS if kind.name in wayland.globals))
        device = manager.request("get_data_device", wayland.bind(SEAT))
        device.on("data_offer", lambda offer: offer.on("offer", formats.setdefault(offer, []).append))
        device.on("selection", changed)
        await wayland.roundtrip()
        await wait_until(lambda: len(texts) == len(offers), "it has read what is there")
        yield texts
        await reading.close()


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
