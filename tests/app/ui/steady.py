"""Helpers to check that controls keep their positions while a page changes its texts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget


@contextmanager
def on_a_page(part: QWidget, width: int = 500) -> Iterator[None]:
    """Show the part as a page does: ``width`` wide and as high as the part wants."""
    page = QWidget()
    column = QVBoxLayout(page)
    column.addWidget(part)
    column.addStretch(1)
    page.resize(width, 2_000)
    page.show()
    yield
    part.setParent(None)
    page.deleteLater()


def places(controls: Sequence[QWidget], steps: Iterable[Callable[[], object]]) -> list[set[tuple[int, int]]]:
    """Return the visible positions of each control during the steps: a single one if nothing moves it."""
    seen: list[set[tuple[int, int]]] = [set() for _ in controls]
    for step in steps:
        step()
        for _ in range(3):  # a layout may need a second turn
            QApplication.processEvents()
        for control, found in zip(controls, seen, strict=True):
            if control.isVisible():
                place = control.mapTo(control.window(), QPoint(0, 0))
                found.add((place.x(), place.y()))
    return seen
