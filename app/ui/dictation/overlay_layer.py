"""Layer surface that shows the overlay on Wayland, from buffers in memory shared with the compositor."""

import mmap
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import wraps
from typing import Concatenate, Final, ParamSpec

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QImage, QPainter, QRegion

from app.core.area import Area
from app.ui.dictation.overlay_place import Anchor, Paint, Room, paint_nothing
from app.wayland.errors import WaylandError
from app.wayland.layer import Buffer, Edge, Layer, LayerPlace, LayerShell, Rectangle, WaylandOutput

_BUFFERS: Final = 2
_PIXEL_BYTES: Final = 4


@dataclass
class _Page:
    """Picture in one buffer; ``stale`` is the region to paint before it is shown."""

    image: QImage
    buffer: Buffer
    stale: QRegion = field(default_factory=QRegion)


class SharedPicture:
    """Picture of ``size`` logical pixels in two buffers: one is shown while the other is painted."""

    def __init__(self, shell: LayerShell, size: QSize, scale: int) -> None:
        self.size, self.scale = size, scale
        width, height = size.width() * scale, size.height() * scale
        each = width * height * _PIXEL_BYTES
        memory = os.memfd_create("kikipounamu-overlay", os.MFD_CLOEXEC)
        try:
            os.ftruncate(memory, _BUFFERS * each)
            self._memory = mmap.mmap(memory, _BUFFERS * each)
            buffers = shell.buffers(memory, width, height, _BUFFERS)
        finally:
            os.close(memory)
        view = memoryview(self._memory)
        self._pages = []
        for number, buffer in enumerate(buffers):
            pixels = view[number * each : (number + 1) * each]
            image = QImage(pixels, width, height, width * _PIXEL_BYTES, QImage.Format.Format_ARGB32_Premultiplied)
            image.setDevicePixelRatio(scale)
            self._pages.append(_Page(image, buffer))
        self._changed = QRegion()
        self.update(QRect())

    def update(self, part: QRect) -> None:
        """Mark a part for repainting; an empty one means everything."""
        everything = QRect(0, 0, self.size.width(), self.size.height())
        part = everything if part.isEmpty() else part.intersected(everything)
        self._changed += part
        for page in self._pages:
            page.stale += part

    def paint_changes(self, paint: Paint) -> tuple[Buffer, Rectangle] | None:
        """Paint all changes into a free buffer; return it with the changed part, in pixels of the buffer.

        Return ``None`` if nothing has changed or no buffer is free.
        """
        page = next((one for one in self._pages if not one.buffer.busy), None)
        if page is None or self._changed.isEmpty():
            return None
        painter = QPainter(page.image)
        paint(painter, page.stale)
        painter.end()
        changed = _scaled(self._changed.boundingRect(), self.scale)
        page.stale, self._changed = QRegion(), QRegion()
        return page.buffer, changed

    @property
    def buffers(self) -> list[Buffer]:
        """Both buffers of this picture."""
        return [page.buffer for page in self._pages]

    def destroy(self) -> None:
        """Destroy both buffers of this picture."""
        for buffer in self.buffers:
            buffer.shared.destroy()


def _scaled(part: QRect, scale: int) -> Rectangle:
    return part.x() * scale, part.y() * scale, part.width() * scale, part.height() * scale


_UNKNOWN: Final = Area(0, 0, 1280, 720)  # a compositor that hides the sizes of its outputs

P = ParamSpec("P")


def _while_possible(
    do: "Callable[Concatenate[OverlayLayer, P], None]",
) -> "Callable[Concatenate[OverlayLayer, P], None]":
    """Make a method give up silently if the connection has ended or memory for a picture is missing."""

    @wraps(do)
    def tried(self: "OverlayLayer", /, *arguments: P.args, **named: P.kwargs) -> None:
        with suppress(WaylandError, OSError):
            do(self, *arguments, **named)

    return tried


class OverlayLayer:
    """``Surface`` on a layer surface, invisible once the connection has ended.

    ``layer``: the current layer surface; it is replaced to change the output, which is fixed.
    """

    blended = True

    def __init__(self, shell: LayerShell) -> None:
        self.visible = False
        self.paint: Paint = paint_nothing
        self._shell = shell
        self.layer: Layer | None = None
        self._picture: SharedPicture | None = None
        self._replaced: SharedPicture | None = None
        self._place, self._wanted = LayerPlace(1, 1, Edge.BOTTOM), ""
        self._asked_for: WaylandOutput | None = None
        shell.outputs.on_change = self._follow_outputs

    def room(self, place: tuple[int, int] | None) -> Room:
        """Return the output that shows this point; without one, the compositor chooses (``screen`` is empty)."""
        outputs = self._shell.outputs
        found = outputs.at(place) if place else None
        likely = found or next(iter(outputs), None)
        free = (likely.area if likely else None) or _UNKNOWN
        return Room(free, (free.x, free.y), screen=found.name if found else "")

    @_while_possible
    def move(self, place: QRect, room: Room, anchor: Anchor) -> None:
        """Move the surface, or replace it if it belongs on another output."""
        self._place, self._wanted = layer_place(place, room, anchor), room.screen
        if self.layer is None:
            return
        if self._is_elsewhere:
            self._remove()
            self._appear()
        elif self._place != self.layer.place:
            self.layer.move(self._place)
            self._renew()

    @_while_possible
    def show(self) -> None:
        """Show the surface as soon as the compositor has configured it."""
        self.visible = True
        self._appear()

    def hide(self) -> None:
        """Remove the surface from the screen."""
        self.visible = False
        self._remove()

    @_while_possible
    def update(self, part: QRect | None = None) -> None:
        """Repaint a part, or everything, at once or when the compositor releases a buffer."""
        if self._picture is not None:
            self._picture.update(part or QRect())
            self._draw()

    def close(self) -> None:
        """Remove the surface and end the connection."""
        self.hide()
        self._shell.wayland.end()

    def _appear(self) -> None:
        self._asked_for = self._wanted_output()
        self.layer = layer = self._shell.layer(self._place, self._asked_for)
        layer.on_ready = self._draw
        layer.on_output = self._follow_output
        layer.on_closed = self._remove
        self._renew()

    @property
    def _is_elsewhere(self) -> bool:
        """True if the surface is known to be on the wrong output."""
        output = self.layer.output if self.layer else None
        return bool(self._wanted and output is not None and output.name != self._wanted)

    @_while_possible
    def _follow_output(self) -> None:
        """Adapt to the output that the compositor chose; replace the surface if another one is wanted by now."""
        if self._is_elsewhere and self._asked_for != self._wanted_output():
            self._remove()
            self._appear()
        else:
            self._renew()

    def _wanted_output(self) -> WaylandOutput | None:
        return next((one for one in self._shell.outputs if one.name == self._wanted), None)

    @_while_possible
    def _follow_outputs(self) -> None:
        """Replace the surface if its output is gone, because not every compositor notifies the surface."""
        outputs = list(self._shell.outputs)
        here = self.layer is not None and (self.layer.output is None or self.layer.output in outputs)
        if here:
            self._renew()
        elif self.visible and outputs:
            self._remove()
            self._appear()

    @_while_possible
    def _remove(self) -> None:
        layer, pictures = self.layer, (self._picture, self._replaced)
        self.layer = self._picture = self._replaced = None
        if layer is not None and not self._shell.wayland.gone.is_set():
            layer.destroy()
            for picture in filter(None, pictures):
                picture.destroy()

    def _renew(self) -> None:
        """Create a new picture if size or scale have changed."""
        assert self.layer is not None
        size, scale = QRect(0, 0, self._place.width, self._place.height).size(), self._scale()
        before = self._picture
        if before is not None and (before.size, before.scale) == (size, scale):
            return
        self._picture = SharedPicture(self._shell, size, scale)
        for buffer in self._picture.buffers:
            buffer.on_release = self._draw
        if self._replaced is None:
            self._replaced = before  # stays visible until the new one is shown
        elif before is not None:
            before.destroy()
        self._draw()

    def _scale(self) -> int:
        """Return the scale of the output; if unknown, the largest, because a picture scaled down stays sharp."""
        output = (self.layer.output if self.layer else None) or self._wanted_output()
        largest = max((one.scale for one in self._shell.outputs), default=1)
        return (output.scale if output else 0) or largest

    def _draw(self) -> None:
        if self.layer is None or self._picture is None or not self.layer.ready:
            return
        if made := self._picture.paint_changes(self.paint):
            self.layer.present(*made, self._picture.scale)
            if self._replaced is not None:
                self._replaced.destroy()
                self._replaced = None


def layer_place(place: QRect, room: Room, anchor: Anchor) -> LayerPlace:
    """Return the place as layer-shell anchors and margins.

    At the middle of an edge, the margin counts from the panels there.
    """
    size, free = (place.width(), place.height()), room.free
    if not anchor.at_edge:
        margins = (place.y() - free.y, 0, 0, place.x() - free.x)
        return LayerPlace(*size, Edge.TOP | Edge.LEFT, margins, over_panels=True)
    if anchor.upward:
        return LayerPlace(*size, Edge.BOTTOM, (0, 0, free.bottom - (place.y() + place.height()), 0))
    return LayerPlace(*size, Edge.TOP, (place.y() - free.y, 0, 0, 0))
