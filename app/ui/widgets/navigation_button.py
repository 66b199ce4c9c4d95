"""Button that leads to a page or a section, marked while that is shown."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent

from app.ui.theme.theme import RADII
from app.ui.widgets.basic import paint_round, ring, smooth_painter
from app.ui.widgets.checkable_button import CheckableButton

BAR = 3.0
"""Thickness of the bar on a chosen button."""


class NavigationButton(CheckableButton):
    """Base of buttons with a background and a bar while they are chosen, not just another colour.

    A subclass tells its size, the place of the bar and paints its name. ``hover``: background below the pointer.
    """

    hover = "sunken"

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
        if chosen or self.underMouse():
            paint_round(painter, place, RADII.small, self._theme.colour("accent_soft" if chosen else self.hover))
        if chosen:
            paint_round(painter, self.bar(), BAR / 2, self._theme.colour("accent"))
        self.paint_name(painter)
        if self.hasFocus():
            ring(painter, place, self._theme.colour("accent"), RADII.small)
