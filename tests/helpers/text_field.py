"""A program with one text field, whose contents it writes into a file: TITLE FILE.

Pastes are counted in FILE.pastes. The field holds rich text: pasted HTML keeps its format.
"""

import os
import sys
from pathlib import Path

from PySide6.QtCore import QMimeData, QTimer
from PySide6.QtWidgets import QApplication, QTextEdit


class Field(QTextEdit):
    """A text field that records its pastes."""

    def __init__(self, pastes: Path) -> None:
        super().__init__()
        self._pastes = pastes

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Record the length of a paste, then insert it."""
        with self._pastes.open("a") as lines:
            lines.write(f"{len(source.text())}\n")
        super().insertFromMimeData(source)


def main() -> int:
    """Run until the window is closed, or SIGTERM."""
    title, place = sys.argv[1], Path(sys.argv[2])
    application = QApplication([])
    field = Field(place.with_suffix(".pastes"))
    field.setWindowTitle(title)

    def keep() -> None:
        """Write the contents atomically, so that readers never see a partial text."""
        new = place.with_suffix(".new")
        new.write_text(field.toPlainText())
        os.replace(new, place)

    # Write when idle: writing after every key would be slower than typing.
    idle = QTimer(field, singleShot=True, interval=0)
    idle.timeout.connect(keep)
    field.textChanged.connect(idle.start)
    field.show()
    field.activateWindow()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
