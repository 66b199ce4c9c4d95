"""Button that leads to a page or a section, marked while that is shown."""

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent

from app.ui.theme.theme import RADII, Theme
from app.ui.widgets.basic import ring, smooth_painter
from app.ui.widgets.checkable_button import CheckableButton

BAR = 3.0
"""Thickness of the bar on a chosen button."""


class NavigationButton(CheckableButton):
    """Base of buttons with a background and a bar while they are chosen, not just another colour.

    A subclass tells its size, the place of the bar and paints its name. ``hover``: background below the pointer.
    """

    hover = "sunken"

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        theme.changed.connect(self.update)

    def bar(self) -> QRectF:
        """Return the place of the bar."""
        raise NotImplementedError

    def paint_name(self, painter: QPainter) -> None:
        """Paint the name on the background."""
        raise NotImplementedError

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint background, bar and name, and the ring of the focus."""
        painter = smooth_painter(self)
        chosen, place = self.isChecked(), QRectF(self.rect())
        painter.setPen(Qt.PenStyle.NoPen)
        if chosen or self.underMouse():
            painter.setBrush(self._theme.colour("accent_soft" if chosen else self.hover))
            painter.drawRoundedRect(place, RADII.small, RADII.small)
        if chosen:
            painter.setBrush(self._theme.colour("accent"))
            painter.drawRoundedRect(self.bar(), BAR / 2, BAR / 2)
        self.paint_name(painter)
        if self.hasFocus():
            ring(painter, place, self._theme.colour("accent"), RADII.small)

    def changeEvent(self, event: QEvent) -> None:
        """Ask for more room when the font grows."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()
