"""Whether the desktop blends windows is asked of the desktop."""

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.ui.compositing import blends
from tests.helpers.desktop import running_desktop

ASK = "from PySide6.QtWidgets import QApplication; from app.ui.compositing import blends; a = QApplication([]); "
MANAGE = (
    "from Xlib.display import Display; d = Display(); w = d.screen().root.create_window(0, 0, 1, 1, 0, 0); "
    "w.set_selection_owner(d.intern_atom('_NET_WM_CM_S0'), 0); d.sync(); "
)


def test_what_is_no_x11_blends(qapp: QApplication) -> None:
    assert blends()


@pytest.mark.parametrize(("before", "answer"), [("", "False"), (MANAGE, "True")])
def test_on_x11_somebody_must_do_it(tmp_path: Path, before: str, answer: str) -> None:
    with running_desktop(tmp_path, tray=False) as desktop:
        program = [sys.executable, "-c", before + ASK + "print(blends())"]
        asked = subprocess.run(program, env=desktop.environment, capture_output=True, text=True, timeout=60)
        assert asked.stdout.strip() == answer, asked.stderr
