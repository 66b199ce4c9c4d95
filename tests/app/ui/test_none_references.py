"""However many calls of Qt there are, None stays."""

import subprocess
import sys

CALLS = 20_000
PROGRAM = f"""
from PySide6.QtCore import QPoint
from app.ui.none_references import protect_none, takes_none
needed = takes_none()
assert protect_none() is needed
assert protect_none() is False
point = QPoint()
for _ in range({CALLS}):
    point.setX(1)
print("alive")
"""


def test_none_outlives_more_calls_than_it_has_references() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr
