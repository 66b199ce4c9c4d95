"""A program that uses the clipboard: KIND FILE.

``html`` and ``image`` copy rich text and a picture. ``manager`` immediately reads every new text, as clipboard
managers do, and appends it to FILE, one per line.
"""

import random
import sys
from pathlib import Path

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication, QImage

HTML = "<p>rich <b>text</b> 富文本</p>"
_WIDTH, _HEIGHT = 128, 80
"""Of a width that is no multiple of 32, Qt fills up the rows of an icon with whatever was in memory."""


def main() -> int:
    """Use the clipboard until SIGTERM."""
    kind, place = sys.argv[1], Path(sys.argv[2])
    application = QGuiApplication([])
    clipboard = application.clipboard()

    def note() -> None:
        with place.open("a") as lines:
            lines.write(f"{clipboard.text()}\n")

    data = QMimeData()
    if kind == "manager":
        clipboard.dataChanged.connect(note)
    elif kind == "html":
        data.setHtml(HTML)
        data.setText("rich text 富文本")
        clipboard.setMimeData(data)
    else:
        clipboard.setImage(_picture())
    place.touch()
    return application.exec()


def _picture() -> QImage:
    """Return a picture that compresses badly."""
    pixels = random.Random(1).randbytes(4 * _WIDTH * _HEIGHT)
    return QImage(pixels, _WIDTH, _HEIGHT, QImage.Format.Format_RGB32).copy()


if __name__ == "__main__":
    sys.exit(main())
