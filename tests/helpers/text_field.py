"""A program with one text field, which writes what stands in it into a file: TITLE FILE."""

import os
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication, QTextEdit


def main() -> int:
    """Until its window is closed, or SIGTERM."""
    title, place = sys.argv[1], Path(sys.argv[2])
    application = QApplication([])
    field = QTextEdit()
    field.setWindowTitle(title)

    def keep() -> None:
        """Whole or not at all: whoever reads sees no half of it."""
        new = place.with_suffix(".new")
        new.write_text(field.toPlainText())
        os.replace(new, place)

    field.textChanged.connect(keep)
    field.show()
    field.activateWindow()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
