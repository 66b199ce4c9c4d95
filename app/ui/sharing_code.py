"""A QR code, drawn by ourselves: dark on light in every theme, because many cameras read no other."""

from typing import Final

import segno
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.ui.theme import RADII, Theme, font

QUIET: Final = 4
"""Modules around it that are light, as ISO/IEC 18004 wants it."""
_PIXELS: Final = range(4, 7)  # of a module


def modules(text: str) -> tuple[tuple[bool, ...], ...]:
    """Its rows; true is dark."""
    made = segno.make(text, error="m", micro=False)
    return tuple(tuple(bool(module) for module in line) for line in made.matrix)


class QrCode(QWidget):
    """Nothing, until it is told what to show."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._text = ""
        self._rows: tuple[tuple[bool, ...], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_text(self, text: str) -> None:
        """Draws only what is new."""
        if text != self._text:
            self._text, self._rows = text, modules(text) if text else ()
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """So large that a module is some whole pixels."""
        side = (len(self._rows) + 2 * QUIET) * self._module if self._rows else 0
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        """Nothing is cut."""
        return self.sizeHint()

    @property
    def _module(self) -> int:
        """Larger beside larger letters, as far as a screen has room."""
        return min(max(_PIXELS[0], QFontMetrics(font()).height() // _PIXELS[0]), _PIXELS[-1])

    @property
    def grounds(self) -> tuple[QColor, QColor]:
        """Light and dark, of the theme's own colours."""
        found = sorted((self._theme.colour(name) for name in ("surface", "text")), key=QColor.lightness)
        return found[1], found[0]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Its modules on a light ground, with whole pixels each."""
        if not self._rows:
            return
        painter = QPainter(self)
        (light, dark), side = self.grounds, self._module
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(light)
        painter.drawRoundedRect(QRectF(self.rect()), RADII.small, RADII.small)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for y, line in enumerate(self._rows):
            for x, is_dark in enumerate(line):
                if is_dark:
                    painter.fillRect((x + QUIET) * side, (y + QUIET) * side, side, side, dark)
