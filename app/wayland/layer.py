"""Surfaces above all windows that take neither focus nor clicks (wlr-layer-shell).

    shell = LayerShell(wayland)
    layer = shell.layer(LayerPlace(320, 56, Edge.BOTTOM))
    layer.on_ready = lambda: layer.present(buffer, (0, 0, 320, 56), 1)

Source: wlr-protocols, "wlr-layer-shell-unstable-v1"; "The Wayland Protocol", ``wl_surface``, ``wl_shm``.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntFlag
from typing import Final

from app.core.area import Area
from app.wayland.connection import WaylandConnection, WaylandObject
from app.wayland.interfaces import COMPOSITOR, LAYER_SHELL, OUTPUT, SHM, XDG_OUTPUT_MANAGER


@dataclass
class WaylandOutput:
    """An output. ``name``: its number as a global. ``area``: its place among all outputs, in logical pixels.

    ``area`` is ``None`` if the compositor hides it.
    """

    name: str
    bound: WaylandObject
    described: WaylandObject | None = None
    scale: int = 1
    area: Area | None = None


_RELEASED: Final = 3
"""The first version of outputs that can be released."""


class WaylandOutputs:
    """All outputs of a compositor, including those that are added later.

    The first ones are known after a round trip. ``on_change``: called after one was added, removed or rescaled.
    """

    def __init__(self, wayland: WaylandConnection) -> None:
        self._wayland = wayland
        described = XDG_OUTPUT_MANAGER.name in wayland.globals
        self._manager = wayland.bind(XDG_OUTPUT_MANAGER) if described else None
        self._known: dict[int, WaylandOutput] = {}
        self.on_change: Callable[[], None] = lambda: None
        wayland.on_globals = self._follow
        self._follow()

    def __iter__(self) -> Iterator[WaylandOutput]:
        """Iterate over the outputs, the oldest first."""
        return iter(self._known.values())

    def at(self, place: tuple[int, int]) -> WaylandOutput | None:
        """Return the output that shows this point."""
        x, y = place
        return next((one for one in self if one.area and one.area.shared_pixels(Area(x, y, 1, 1))), None)

    def of(self, bound: WaylandObject | None) -> WaylandOutput | None:
        """Return the output of this object."""
        return next((one for one in self if one.bound is bound), None)

    def _follow(self) -> None:
        names = self._wayland.names(OUTPUT)
        for gone in self._known.keys() - set(names):
            self._forget(self._known.pop(gone))
        for instance, name in enumerate(names):
            if name not in self._known:
                self._known[name] = self._bind(instance, str(name))
        self.on_change()

    def _bind(self, instance: int, name: str) -> WaylandOutput:
        made = WaylandOutput(name, self._wayland.bind(OUTPUT, instance))

        def scale(factor: int) -> None:
            made.scale = factor
            self.on_change()

        made.bound.on("scale", scale)
        if self._manager is None:
            return made

        def move(x: int, y: int) -> None:
            made.area = Area(x, y, *made.area[2:]) if made.area else Area(x, y, 0, 0)

        def resize(width: int, height: int) -> None:
            made.area = Area(*made.area[:2], width, height) if made.area else Area(0, 0, width, height)

        made.described = self._manager.request("get_xdg_output", made.bound)
        made.described.on("logical_position", move)
        made.described.on("logical_size", resize)
        return made

    def _forget(self, gone: WaylandOutput) -> None:
        if gone.described is not None:
            gone.described.destroy()
        if gone.bound.version >= _RELEASED:
            gone.bound.request("release")


NAMESPACE: Final = "kikipounamu"
_OVERLAY: Final = 3  # the layer above windows, panels and full-screen windows
_ARGB: Final = 0
_PIXEL_BYTES: Final = 4

Rectangle = tuple[int, int, int, int]
"""Left, top, width and height."""


class Edge(IntFlag):
    """Edges of the output that a surface is anchored to; between two other edges it is centred."""

    TOP = 1
    BOTTOM = 2
    LEFT = 4
    RIGHT = 8


@dataclass(frozen=True)
class LayerPlace:
    """Size and place of a surface in logical pixels.

    ``margins``: distances from top, right, bottom and left edge. ``over_panels``: count them from the edges of the
    output, else from the part that panels leave free.
    """

    width: int
    height: int
    edges: Edge
    margins: Rectangle = (0, 0, 0, 0)
    over_panels: bool = False


class LayerShell:
    """The compositor's means for layer surfaces. Raises ``InterfaceMissing`` if it has none."""

    def __init__(self, wayland: WaylandConnection) -> None:
        self.wayland = wayland
        self._compositor, self._shell, self._shm = (wayland.bind(one) for one in (COMPOSITOR, LAYER_SHELL, SHM))
        self.outputs = WaylandOutputs(wayland)

    def layer(self, place: LayerPlace, output: WaylandOutput | None = None) -> "Layer":
        """Return a surface that becomes ready soon; without an output, the compositor chooses one."""
        surface = self._compositor.request("create_surface")
        nothing = self._compositor.request("create_region")
        surface.request("set_input_region", nothing)
        nothing.destroy()
        bound = output.bound if output else None
        shown = self._shell.request("get_layer_surface", surface, bound, _OVERLAY, NAMESPACE)
        return Layer(surface, shown, place, self.outputs)

    def buffers(self, memory: int, width: int, height: int, count: int) -> "list[Buffer]":
        """Return buffers of premultiplied ARGB pixels, one after the other in this memory file."""
        size, row = width * height * _PIXEL_BYTES, width * _PIXEL_BYTES
        pool = self._shm.request("create_pool", os.dup(memory), size * count)
        made = [
            Buffer(pool.request("create_buffer", number * size, width, height, row, _ARGB))
            for number in range(count)
        ]
        pool.destroy()
        return made


class Buffer:
    """Pixels for a surface. While ``busy``, the compositor reads them; then ``on_release`` is called."""

    def __init__(self, shared: WaylandObject) -> None:
        self.shared = shared
        self.busy = False
        self.on_release: Callable[[], None] = lambda: None
        shared.on("release", self._release)

    def _release(self) -> None:
        self.busy = False
        self.on_release()


class Layer:
    """A surface that is never focused and lets all clicks through.

    ``ready``: it accepts a buffer now; ``on_ready`` is called when it does again. ``output``: the output that
    shows it, once known; ``on_output`` is called after a change. ``on_closed``: called when the compositor has
    ended it.
    """

    def __init__(
        self, surface: WaylandObject, shown: WaylandObject, place: LayerPlace, outputs: WaylandOutputs
    ) -> None:
        self._surface, self._shown, self._outputs = surface, shown, outputs
        self.ready = False
        self.output: WaylandOutput | None = None
        self.on_ready: Callable[[], None] = lambda: None
        self.on_output: Callable[[], None] = lambda: None
        self.on_closed: Callable[[], None] = lambda: None
        self._configured = self._drawing = False
        self.place = place
        shown.on("configure", self._configure)
        shown.on("closed", lambda: self.on_closed())
        surface.on("enter", self._enter)
        self._place_layer(place)

    def move(self, place: LayerPlace) -> None:
        """Move the surface. After a change of size, it is ready again once the compositor has confirmed that."""
        if (place.width, place.height) != (self.place.width, self.place.height):
            self._configured = self.ready = False
        self.place = place
        self._place_layer(place)

    def present(self, buffer: Buffer, changed: Rectangle, scale: int) -> None:
        """Show a buffer; only the part ``changed``, in its own pixels, differs. It is busy from now on."""
        buffer.busy = self._drawing = True
        self.ready = False
        self._surface.request("set_buffer_scale", scale)
        self._surface.request("attach", buffer.shared, 0, 0)
        self._surface.request("damage_buffer", *changed)
        self._surface.request("frame").on("done", self._frame_drawn)
        self._surface.request("commit")

    def destroy(self) -> None:
        """Remove the surface from the screen."""
        self._shown.destroy()
        self._surface.destroy()

    def _place_layer(self, place: LayerPlace) -> None:
        self._shown.request("set_size", place.width, place.height)
        self._shown.request("set_anchor", int(place.edges))
        self._shown.request("set_margin", *place.margins)
        self._shown.request("set_exclusive_zone", -1 if place.over_panels else 0)
        self._shown.request("set_keyboard_interactivity", 0)
        self._surface.request("commit")

    def _configure(self, serial: int, width: int, height: int) -> None:
        self._shown.request("ack_configure", serial)
        self._configured = True
        self._report_ready()

    def _frame_drawn(self, time_ms: int) -> None:
        self._drawing = False
        self._report_ready()

    def _report_ready(self) -> None:
        self.ready = self._configured and not self._drawing
        if self.ready:
            self.on_ready()

    def _enter(self, bound: WaylandObject | None) -> None:
        self.output = self._outputs.of(bound) or self.output
        self.on_output()
