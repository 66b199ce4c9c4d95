"""Import of Qt in a separate process, because the tests' process has already imported it."""

import subprocess
import sys

AFTER_QT = """
import linecache, sys
from app.ui import qt_import
qt_import.load()
import app.main, app.windows
assert "PySide6.QtWidgets" in sys.modules
print([file for file in linecache.cache if "/app/" in file])
"""


def test_sources_of_modules_imported_after_qt_are_not_kept() -> None:
    done = subprocess.run(
        [sys.executable, "-c", AFTER_QT], capture_output=True, text=True, timeout=100, check=True
    )
    assert done.stdout == "[]\n"
