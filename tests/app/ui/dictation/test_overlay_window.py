"""Window of the overlay: which screen it is on, and where it is possible."""

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QApplication

from app.ui.dictation import overlay_window as module
from app.ui.dictation.overlay_window import blends
from tests.helpers.desktop import running_desktop


@pytest.mark.parametrize(
    ("place", "ratio", "there"),
    [((0, 0), 1.0, False), ((1920, 0), 1.0, True), ((3839, 1079), 1.0, True), ((3840, 0), 1.0, False)]
    + [((3840, 0), 2.0, True), ((5759, 2159), 2.0, True), ((5760, 0), 2.0, False)],
)
def test_screen_is_found_by_system_pixels(place: tuple[int, int], ratio: float, there: bool) -> None:
    assert module.shows(QRect(1920, 0, 1920, 1080), ratio, QPoint(*place)) is there


def test_overlay_is_possible_on_offscreen_platform(qapp: QApplication) -> None:
    assert module.possible()  # the offscreen platform allows it


ASK = """
from PySide6.QtWidgets import QApplication
from app.ui.dictation.overlay_window import blends
application = QApplication([])
"""
MANAGE = (
    "from Xlib.display import Display; d = Display(); w = d.screen().root.create_window(0, 0, 1, 1, 0, 0); "
    "w.set_selection_owner(d.intern_atom('_NET_WM_CM_S0'), 0); d.sync(); "
)


def test_platforms_other_than_x11_blend(qapp: QApplication) -> None:
    assert blends()


@pytest.mark.parametrize(("before", "answer"), [("", "False"), (MANAGE, "True")])
def test_x11_blends_only_with_compositing_manager(tmp_path: Path, before: str, answer: str) -> None:
    with running_desktop(tmp_path, tray=False) as desktop:
        program = [sys.executable, "-c", f"{before}{ASK}print(blends())"]
        asked = subprocess.run(program, env=desktop.environment, capture_output=True, text=True, timeout=60)
        assert asked.stdout.strip() == answer, asked.stderr
