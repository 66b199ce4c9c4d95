"""Print the clicks of each task, before and in the present windows: ``python -m benchmarks.clicks``."""

import os
import sys
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QApplication

from benchmarks.clicks.counts import counts, stated, table

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs" / "clicks.md"


def main() -> int:
    """Do all tasks and print the table."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false;qt.core.qobject.connect=false")
    application = QApplication([])
    print(table(stated(DOCUMENT.read_text("utf-8")), counts(application)))
    application.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
