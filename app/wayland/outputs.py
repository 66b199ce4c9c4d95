"""The outputs (screens) of a compositor: their names, scales and places."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.core.area import Area
from app.wayland.connection import WaylandConnection, WaylandObject
from app.wayland.interfaces import OUTPUT, XDG_OUTPUT_MANAGER


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


class WaylandOutputs:
    """All outputs of a compositor, also those that come and go later.

    The first ones are known after a round trip. ``on_change``: one has come, gone or changed its scale.
    """

    def __init__(self, wayland: WaylandConnection) -> None:
        self._wayland = wayland
        described = XDG_OUTPUT_MANAGER.name in wayland.globals
        self._manager = wayland.bind(XDG_OUTPUT_MANAGER) if described else None
        self._known: dict[int, WaylandOutput] = {}
        self.on_change: Callable[[], None] = _nothing
        wayland.on_globals = self._look
        self._look()

    def __iter__(self) -> Iterator[WaylandOutput]:
        """Iterate over the outputs, the oldest first."""
        return iter(self._known.values())

    def at(self, place: tuple[int, int]) -> WaylandOutput | None:
        """Return the output that shows this point."""
        x, y = place
        return next((one for one in self if one.area and one.area.shared(Area(x, y, 1, 1))), None)

    def of(self, bound: WaylandObject | None) -> WaylandOutput | None:
        """Return the output of this object."""
        return next((one for one in self if one.bound is bound), None)

    def _look(self) -> None:
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
        if OUTPUT.version >= 3 and self._wayland.globals.get(OUTPUT.name, 0) >= 3:
            gone.bound.request("release")


def _nothing() -> None:
    pass
