"""QR code: black on white in every theme, because many cameras read no other colours."""

from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.ui.theme.theme import font

QUIET: Final = 4
"""Width of the light margin in modules, as ISO/IEC 18004 requires."""
LIGHT: Final = QColor("white")
DARK: Final = QColor("black")
_PIXELS: Final = range(4, 7)  # pixels per module


def modules(text: str) -> tuple[tuple[bool, ...], ...]:
    """Return the rows of the QR code for a text; True is dark."""
    import segno  # late: few windows show a code

    made = segno.make(text, error="m", micro=False)
    return tuple(tuple(bool(module) for module in line) for line in made.matrix)


class QrCode(QWidget):
    """QR code, empty until a text is set."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self._rows: tuple[tuple[bool, ...], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_text(self, text: str) -> None:
        """Show the code of a text; repaint only if it changed."""
        if text != self._text:
            self._text, self._rows = text, modules(text) if text else ()
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Return a size in which each module is a whole number of pixels."""
        side = (len(self._rows) + 2 * QUIET) * self._module if self._rows else 0
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        """Return the preferred size, so that the code is never cut."""
        return self.sizeHint()

    @property
    def _module(self) -> int:
        """Pixels per module: more for larger fonts, within a limit."""
        return min(max(_PIXELS[0], QFontMetrics(font()).height() // _PIXELS[0]), _PIXELS[-1])

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the code in the middle with whole pixels per module; the quiet zone shrinks with the modules."""
        if not self._rows:
            return
        painter, across = QPainter(self), len(self._rows) + 2 * QUIET
        side = max(1, min(self.width(), self.height()) // across)
        left, top = (self.width() - across * side) // 2, (self.height() - across * side) // 2
        painter.fillRect(left, top, across * side, across * side, LIGHT)
        for y, line in enumerate(self._rows):
            for x, is_dark in enumerate(line):
                if is_dark:
                    painter.fillRect(left + (x + QUIET) * side, top + (y + QUIET) * side, side, side, DARK)
