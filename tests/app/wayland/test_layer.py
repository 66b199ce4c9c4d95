"""Layer surfaces on a real compositor: place, pictures and their end."""

import mmap
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from app.core.area import Area
from app.wayland.connection import WaylandConnection
from app.wayland.layer import Buffer, Edge, Layer, LayerPlace, LayerShell
from tests.helpers.waiting import wait_until
from tests.helpers.wayland_desktop import WaylandDesktop, running_sway
from tests.helpers.wayland_eye import drawn, picture, swaymsg

WIDTH, HEIGHT = 200, 40
EVERYTHING = 0, 0, WIDTH, HEIGHT
LOW = LayerPlace(WIDTH, HEIGHT, Edge.BOTTOM, (0, 0, 30, 0))
RED = b"\x00\x00\xff\xff"


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WaylandDesktop]:
    with running_sway(tmp_path_factory.mktemp("sway")) as running:
        yield running


@asynccontextmanager
async def shelled(desktop: WaylandDesktop) -> AsyncIterator[LayerShell]:
    async with await WaylandConnection.open(desktop.environment) as wayland:
        shell = LayerShell(wayland)
        await wayland.roundtrip()
        yield shell


def red(shell: LayerShell, width: int = WIDTH, height: int = HEIGHT, count: int = 2) -> list[Buffer]:
    size = width * height * 4 * count
    memory = os.memfd_create("red")
    os.ftruncate(memory, size)
    with mmap.mmap(memory, size) as pixels:
        pixels.write(RED * (size // 4))
    buffers = shell.buffers(memory, width, height, count)
    os.close(memory)
    return buffers


async def shown(layer: Layer, buffer: Buffer, scale: int = 1) -> None:
    await wait_until(lambda: layer.ready, "the surface is ready")
    layer.present(buffer, EVERYTHING, scale)
    assert buffer.busy and not layer.ready
    await wait_until(lambda: layer.ready, "the picture is shown")


async def test_surface_is_shown_at_edge_and_moves_and_goes(desktop: WaylandDesktop) -> None:
    async with shelled(desktop) as shell:
        layer, (first, second) = shell.layer(LOW), red(shell)
        released = list[Buffer]()
        first.on_release = lambda: released.append(first)
        await shown(layer, first)
        assert drawn(picture(desktop)) == Area(540, 730, WIDTH, HEIGHT)
        await shown(layer, second)
        await wait_until(lambda: released and not first.busy, "the first picture may be painted again")

        layer.move(replace(LOW, edges=Edge.TOP | Edge.LEFT, margins=(50, 0, 0, 70), over_panels=True))
        await wait_until(lambda: drawn(picture(desktop)) == Area(70, 50, WIDTH, HEIGHT), "it has moved")
        layer.destroy()
        await wait_until(lambda: drawn(picture(desktop)) is None, "it is gone")


async def test_larger_surface_is_ready_once_its_size_is_agreed(desktop: WaylandDesktop) -> None:
    async with shelled(desktop) as shell:
        layer, (small, _) = shell.layer(LOW), red(shell)
        await shown(layer, small)
        layer.move(replace(LOW, height=2 * HEIGHT))
        assert not layer.ready
        await shown(layer, red(shell, height=2 * HEIGHT)[0])
        layer.present(red(shell, height=2 * HEIGHT)[0], (0, 0, WIDTH, 2 * HEIGHT), 1)
        expected = Area(540, 690, WIDTH, 2 * HEIGHT)
        await wait_until(lambda: drawn(picture(desktop)) == expected, "it is larger")


async def test_surface_keeps_clear_of_panel(desktop: WaylandDesktop) -> None:
    async with shelled(desktop) as shell:
        panel = shell.layer(LayerPlace(WIDTH, HEIGHT, Edge.BOTTOM))
        panel._shown.request("set_exclusive_zone", HEIGHT)  # as panels do, but never the overlay
        await shown(panel, red(shell)[0])
        layer = shell.layer(LOW)
        await shown(layer, red(shell)[0])
        expected = Area(540, 730 - HEIGHT, WIDTH, HEIGHT)
        await wait_until(lambda: drawn(picture(desktop)[: 800 - HEIGHT]) == expected, "it is above the panel")
        layer.move(replace(LOW, over_panels=True, margins=(0, 0, HEIGHT + 10, 0)))
        expected = Area(540, 800 - 2 * HEIGHT - 10, WIDTH, HEIGHT)
        await wait_until(lambda: drawn(picture(desktop)[: 800 - HEIGHT]) == expected, "it ignores the panel")


async def test_surface_is_on_the_chosen_output(desktop: WaylandDesktop) -> None:
    swaymsg(desktop, "create_output")
    swaymsg(desktop, "output HEADLESS-1 position 0 0; output HEADLESS-2 scale 2 position 1280 0")
    async with shelled(desktop) as shell:
        output = await wait_until(lambda: shell.outputs.at((1280, 0)), "the second output is known")
        layer = shell.layer(LOW, output)
        entered = list[bool]()
        layer.on_output = lambda: entered.append(True)
        (buffer,) = red(shell, 2 * WIDTH, 2 * HEIGHT, 1)
        await wait_until(lambda: layer.ready, "the surface is ready")
        layer.present(buffer, (0, 0, 2 * WIDTH, 2 * HEIGHT), 2)
        await wait_until(lambda: entered, "the output is known")
        assert layer.output is output
        assert layer.output.scale == 2
        await wait_until(lambda: drawn(picture(desktop, "HEADLESS-2")), "it is seen there")
        assert drawn(picture(desktop, "HEADLESS-2")) == Area(440, 660, 2 * WIDTH, 2 * HEIGHT)
        assert drawn(picture(desktop, "HEADLESS-1")) is None
        layer.destroy()
    swaymsg(desktop, "output HEADLESS-2 unplug")


async def test_end_of_surface_is_reported(desktop: WaylandDesktop) -> None:
    swaymsg(desktop, "output HEADLESS-1 disable")
    async with shelled(desktop) as shell:
        closed = list[bool]()
        layer = shell.layer(LOW)
        layer.on_closed = lambda: closed.append(True)
        await wait_until(lambda: closed, "no output shows it")
        layer.destroy()
    swaymsg(desktop, "output HEADLESS-1 enable")
