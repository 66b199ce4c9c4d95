"""Pictures in memory that a compositor reads too. Qt paints into them without a copy."""

import mmap
import os
from dataclasses import dataclass, field
from typing import Final

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QImage, QPainter, QRegion

from app.ui.dictation.overlay_surface import Paint
from app.wayland.layer import Buffer, LayerShell, Rectangle

_BUFFERS: Final = 2
_PIXEL_BYTES: Final = 4


@dataclass
class _Page:
    """A picture in one buffer, and what of it is ``stale``."""

    image: QImage
    buffer: Buffer
    stale: QRegion = field(default_factory=QRegion)


class SharedPicture:
    """A picture of ``size`` logical pixels in two buffers: one is shown while the other is painted."""

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
        """Note that a part is to be painted again; an empty one means everything."""
        everything = QRect(0, 0, self.size.width(), self.size.height())
        part = everything if part.isEmpty() else part.intersected(everything)
        self._changed += part
        for page in self._pages:
            page.stale += part

    def painted(self, paint: Paint) -> tuple[Buffer, Rectangle] | None:
        """Paint all changes into a free buffer; return it with the changed part, in its own pixels.

        Return None if nothing has changed or no buffer is free.
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
        """Give both buffers back."""
        for buffer in self.buffers:
            buffer.shared.destroy()


def _scaled(part: QRect, scale: int) -> Rectangle:
    return part.x() * scale, part.y() * scale, part.width() * scale, part.height() * scale
