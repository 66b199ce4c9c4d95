"""A window from which files can be dragged into another program: TITLE FILE...

Its title becomes "TITLE taken" while the other program would take them.
"""

import sys

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel


class Source(QLabel):
    """A label that starts a drag of the files when the mouse moves while pressed."""

    def __init__(self, title: str, files: list[str]) -> None:
        super().__init__(title)
        self._title, self._files = title, files
        self.setWindowTitle(title)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Start a drag, as a file manager does."""
        drag, data = QDrag(self), QMimeData()
        data.setUrls([QUrl.fromLocalFile(file) for file in self._files])
        drag.setMimeData(data)
        drag.actionChanged.connect(self._show_action)
        drag.exec(Qt.DropAction.CopyAction)

    def _show_action(self, action: Qt.DropAction) -> None:
        self.setWindowTitle(f"{self._title} taken" if action == Qt.DropAction.CopyAction else self._title)


def main() -> int:
    """Run until the window is closed, or SIGTERM."""
    application = QApplication([])
    source = Source(sys.argv[1], sys.argv[2:])
    source.resize(160, 100)
    source.move(0, 0)
    source.show()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
