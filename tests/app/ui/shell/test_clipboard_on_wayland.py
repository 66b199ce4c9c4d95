"""Copying in a program of Wayland: a compositor accepts a copy only after a key or a click, and reports no
refusal."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.helpers.waiting import wait_until_sync
from tests.helpers.wayland_desktop import running_sway

COPIER = """
import asyncio, sys, threading
from PySide6.QtWidgets import QApplication, QLabel
from app.ui.shell.clipboard import QtClipboard

application = QApplication(sys.argv)
label = QLabel("copies")
label.setWindowTitle("copier")
label.show()
clipboard = QtClipboard(application.clipboard())

def copy() -> None:
    for line in sys.stdin:
        print(asyncio.run(clipboard.copy(line.strip())), flush=True)

threading.Thread(target=copy).start()
application.exec()
"""


@contextmanager
def ended(process: "subprocess.Popen[str]") -> Iterator["subprocess.Popen[str]"]:
    """Kill the process at the end of the context."""
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_copy_that_the_compositor_refuses_is_a_failure(tmp_path: Path) -> None:
    with running_sway(tmp_path) as desktop:
        desktop.copy(b"before")
        with ended(
            subprocess.Popen(
                [sys.executable, "-c", COPIER],
                env=desktop.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        ) as copier:
            desktop.focus("copier")
            assert not copies(copier, "refused")
            assert desktop.copied() == b"before"
            desktop.tap("shift")
            wait_until_sync(lambda: copies(copier, "taken"), "the key has come, and the copy is accepted")
            wait_until_sync(lambda: desktop.copied() == b"taken", "it is copied")


def copies(copier: "subprocess.Popen[str]", text: str) -> bool:
    """Let the program copy ``text``; return whether it says that this worked."""
    assert copier.stdin is not None and copier.stdout is not None
    copier.stdin.write(f"{text}\n")
    copier.stdin.flush()
    return copier.stdout.readline() == "True\n"
