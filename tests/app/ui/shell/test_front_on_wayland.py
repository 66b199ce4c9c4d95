"""A window that comes to the front on Wayland while a dialog of its own is open."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.helpers.desktop import Screen
from tests.helpers.gnome_desktop import GnomeDesktop, running_gnome
from tests.helpers.wayland_desktop import WaylandDesktop, running_sway

Running = Callable[[Path], AbstractContextManager[WaylandDesktop | GnomeDesktop]]

PROGRAM = """
import sys, threading
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QApplication, QDialog, QPushButton
from app.ui.shell.shell import bring_to_front

class Window(QPushButton):
    wanted = Signal()

application = QApplication(sys.argv)
window = Window("owner", windowTitle="owner")
window.clicked.connect(lambda: print("clicked", flush=True))
window.wanted.connect(lambda: (bring_to_front(window), print("shown", flush=True)))
window.show()
dialog = QDialog(window, windowTitle="question")
dialog.rejected.connect(lambda: print("closed", flush=True))
QTimer.singleShot(0, dialog.open)
threading.Thread(target=lambda: [window.wanted.emit() for _ in sys.stdin], daemon=True).start()
application.exec()
"""


@pytest.mark.parametrize(
    "running",
    [
        pytest.param(running_sway, id="sway"),
        pytest.param(running_gnome, id="gnome", marks=[pytest.mark.proof(minutes=1), pytest.mark.timeout(300)]),
    ],
)
def test_window_with_open_dialog_can_be_used_after_it_came_to_the_front(running: Running, tmp_path: Path) -> None:
    with running(tmp_path) as desktop, program(desktop) as (tell, read):
        desktop.tap("shift")  # a keyboard appears with its first key
        desktop.focus("question")
        tell()
        assert read() == "shown"
        desktop.active("question")
        desktop.tap("Escape")
        assert read() == "closed"
        desktop.active("owner")
        desktop.tap("space")
        assert read() == "clicked"


@contextmanager
def program(desktop: Screen) -> Iterator[tuple[Callable[[], None], Callable[[], str]]]:
    """Run the program until the context ends; yield what brings its window to the front, and what reads a line."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env=desktop.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        lines, output = process.stdin, process.stdout

        def tell() -> None:
            lines.write("\n")
            lines.flush()

        try:
            yield tell, lambda: output.readline().strip()
        finally:
            process.kill()
