"""Editor as high as its text."""

from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy

_MOST_BLOCKS: Final = 2_000
_MOST_HEIGHT: Final = 100_000


class GrowingText(QPlainTextEdit):
    """Editor as high as its text, so that only the page scrolls."""

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.textChanged.connect(self._grow)

    def sizeHint(self) -> QSize:
        """Return the height of the whole text, up to a limit that no dictation reaches."""
        document, height = self.document(), 0.0
        block, number = document.begin(), 0
        while block.isValid() and number < _MOST_BLOCKS and height < _MOST_HEIGHT:
            height += self.blockBoundingRect(block).height()
            block, number = block.next(), number + 1
        around = 2 * document.documentMargin() + self.height() - self.viewport().height()
        return QSize(super().sizeHint().width(), round(height + around) + 1)

    def minimumSizeHint(self) -> QSize:
        """Return the height of the whole text."""
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap the lines for the new width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._grow()

    def _grow(self) -> None:
        self.updateGeometry()
