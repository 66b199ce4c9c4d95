"""Window blending is detected from the running desktop."""

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.ui.shell.compositing import blends
from tests.helpers.desktop import running_desktop

ASK = "from PySide6.QtWidgets import QApplication as A\nfrom app.ui.shell.compositing import blends\na = A([]); "
MANAGE = (
    "from Xlib.display import Display; d = Display(); w = d.screen().root.create_window(0, 0, 1, 1, 0, 0); "
    "w.set_selection_owner(d.intern_atom('_NET_WM_CM_S0'), 0); d.sync(); "
)


def test_platforms_other_than_x11_blend(qapp: QApplication) -> None:
    assert blends()


@pytest.mark.parametrize(("before", "answer"), [("", "False"), (MANAGE, "True")])
def test_x11_blends_only_with_compositing_manager(tmp_path: Path, before: str, answer: str) -> None:
    with running_desktop(tmp_path, tray=False) as desktop:
        program = [sys.executable, "-c", before + ASK + "print(blends())"]
        asked = subprocess.run(program, env=desktop.environment, capture_output=True, text=True, timeout=60)
        assert asked.stdout.strip() == answer, asked.stderr
