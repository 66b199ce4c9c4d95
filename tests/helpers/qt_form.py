"""A program of Qt with a field, a password field and a button, which Tab reaches in this order: TITLE FILE TEXT.

The field has the focus and TEXT, with the caret behind it. Its contents are written into FILE.
"""

import os
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget


def main() -> int:
    """Run until the window is closed, or SIGTERM."""
    title, place, text = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    application = QApplication([])
    form = QWidget(windowTitle=title)
    layout = QVBoxLayout(form)
    field, password = QLineEdit(text), QLineEdit("secret", echoMode=QLineEdit.EchoMode.Password)
    for widget in (field, password, QPushButton("Send")):
        layout.addWidget(widget)

    def keep() -> None:
        """Write the contents atomically, so that readers never see a part of them."""
        new = place.with_suffix(".new")
        new.write_text(field.text())
        os.replace(new, place)

    field.textChanged.connect(keep)
    keep()
    form.show()
    form.activateWindow()
    field.setFocus()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
