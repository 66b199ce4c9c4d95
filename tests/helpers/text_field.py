"""A program with one text field, which writes what stands in it into a file: TITLE FILE.

Pastes are counted in FILE.pastes. It is rich text: what is pasted as HTML is not plain.
"""

import os
import sys
from pathlib import Path

from PySide6.QtCore import QMimeData, QTimer
from PySide6.QtWidgets import QApplication, QTextEdit


class Field(QTextEdit):
    """Writes down what is pasted."""

    def __init__(self, pastes: Path) -> None:
        super().__init__()
        self._pastes = pastes

    def insertFromMimeData(self, source: QMimeData) -> None:
        """As Qt names it."""
        with self._pastes.open("a") as lines:
            lines.write(f"{len(source.text())}\n")
        super().insertFromMimeData(source)


def main() -> int:
    """Until its window is closed, or SIGTERM."""
    title, place = sys.argv[1], Path(sys.argv[2])
    application = QApplication([])
    field = Field(place.with_suffix(".pastes"))
    field.setWindowTitle(title)

    def keep() -> None:
        """Whole or not at all: whoever reads sees no half of it."""
        new = place.with_suffix(".new")
        new.write_text(field.toPlainText())
        os.replace(new, place)

    # When it has nothing else to do: writing after every key would be slower than typing.
    idle = QTimer(field, singleShot=True, interval=0)
    idle.timeout.connect(keep)
    field.textChanged.connect(idle.start)
    field.show()
    field.activateWindow()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
