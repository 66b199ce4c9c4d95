"""Pictures in two buffers: only what changed is painted, never into one that is shown."""

import os
from typing import Any, cast

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QPainter, QRegion
from PySide6.QtWidgets import QApplication

from app.ui.dictation.overlay_layer import SharedPicture
from app.wayland.layer import Buffer, LayerShell

SIZE = QSize(40, 20)
RED = b"\x00\x00\xff\xff"


class Shared:
    """A buffer's object without a compositor."""

    destroyed = False

    def on(self, event: str, handler: object) -> None:
        """Take a handler, and never call it."""

    def destroy(self) -> None:
        """Remember that it has ended."""
        self.destroyed = True


class Shell:
    """Shell without a compositor, which keeps the memory of the buffers."""

    memory = -1

    def buffers(self, memory: int, width: int, height: int, count: int) -> list[Buffer]:
        """Return buffers that no compositor reads."""
        self.memory = os.dup(memory)
        self.size = width * height * 4
        return [Buffer(cast(Any, Shared())) for _ in range(count)]

    def pixels(self, number: int) -> bytes:
        """Return what the compositor would read."""
        return os.pread(self.memory, self.size, number * self.size)


class Painting:
    """Painter that fills all it is asked for with red, and remembers it."""

    def __init__(self) -> None:
        self.asked: list[QRect] = []

    def __call__(self, painter: QPainter, region: QRegion) -> None:
        """Fill the region with red."""
        self.asked.append(region.boundingRect())
        painter.fillRect(region.boundingRect(), 0xFFFF0000)


def test_changes_reach_both_buffers_once_each(qapp: QApplication) -> None:
    shell, paint = Shell(), Painting()
    picture = SharedPicture(cast(LayerShell, shell), SIZE, 2)
    everything, part = QRect(0, 0, 40, 20), QRect(10, 5, 8, 4)
    first = picture.paint_changes(paint)
    assert first is not None and first[1] == (0, 0, 80, 40)
    assert shell.pixels(0) == RED * (80 * 40), "the compositor reads what Qt has painted"
    assert picture.paint_changes(paint) is None, "nothing has changed"

    first[0].busy = True
    picture.update(part)
    second = picture.paint_changes(paint)
    assert second is not None and second[0] is not first[0] and second[1] == (20, 10, 16, 8)
    assert paint.asked == [everything, everything], "the second buffer lacked the rest too"

    second[0].busy = True
    picture.update(part)
    assert picture.paint_changes(paint) is None, "both are shown"
    first[0].busy = False
    assert picture.paint_changes(paint) == (first[0], (20, 10, 16, 8))
    assert paint.asked[-1] == part
    os.close(shell.memory)


def test_part_outside_is_cut_off_and_buffers_are_given_back(qapp: QApplication) -> None:
    shell, paint = Shell(), Painting()
    picture = SharedPicture(cast(LayerShell, shell), SIZE, 1)
    picture.paint_changes(paint)
    picture.update(QRect(30, 10, 100, 100))
    found = picture.paint_changes(paint)
    assert found is not None and found[1] == (30, 10, 10, 10)
    picture.destroy()
    assert all(cast(Shared, buffer.shared).destroyed for buffer in picture.buffers)
    os.close(shell.memory)
