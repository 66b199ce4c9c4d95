"""Window of the overlay: which screen it is on, and where it is possible."""

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QApplication

from app.ui.dictation import overlay_window as module


@pytest.mark.parametrize(
    ("place", "ratio", "there"),
    [((0, 0), 1.0, False), ((1920, 0), 1.0, True), ((3839, 1079), 1.0, True), ((3840, 0), 1.0, False)]
    + [((3840, 0), 2.0, True), ((5759, 2159), 2.0, True), ((5760, 0), 2.0, False)],
)
def test_screen_is_found_by_system_pixels(place: tuple[int, int], ratio: float, there: bool) -> None:
    assert module.shows(QRect(1920, 0, 1920, 1080), ratio, QPoint(*place)) is there


def test_overlay_is_possible_on_offscreen_platform(qapp: QApplication) -> None:
    assert module.possible()  # the offscreen platform allows it
