"""Menus, and the buttons that open them, with ticks and arrows that grow with the text, unlike Qt's own."""

from PySide6.QtCore import QEvent
from PySide6.QtGui import QCursor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QMenu, QPushButton

from app.ui.theme.theme import SPACING
from app.ui.widgets.basic import paint_icon


class Menu(QMenu):
    """Menu that paints the ticks and arrows of its entries itself.

    An open menu stays on the screen when entries are added or become longer.
    """

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Move an open menu back onto the screen; Qt places it only when it opens."""
        super().resizeEvent(event)
        if self.isVisible():
            screen = self.screen().availableGeometry()
            x = min(self.x(), screen.right() + 1 - self.width())
            y = min(self.y(), screen.bottom() + 1 - self.height())
            self.move(max(x, screen.left()), max(y, screen.top()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a tick before each checked entry, and an arrow after each entry that opens a submenu."""
        super().paintEvent(event)
        painter, side, colour = QPainter(self), float(self.fontMetrics().ascent()), self.palette().text().color()
        for action in self.actions():
            place = self.actionGeometry(action)
            middle = place.center().y() + 0.5
            if action.isChecked():
                paint_icon(painter, "done", place.left() + SPACING.small, middle, side, colour)
            if action.menu() is not None:
                paint_icon(painter, "chevron-right", place.right() - SPACING.small - side, middle, side, colour)


class MenuButton(QPushButton):
    """Button with a text and an arrow that opens the menu ``entries``."""

    def __init__(self) -> None:
        super().__init__()
        self.entries = Menu(self)
        attach_menu(self, self.entries)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the button, with an arrow after the text."""
        super().paintEvent(event)
        side = float(self.fontMetrics().ascent())
        left, colour = self.width() - side - SPACING.small, self.palette().text().color()
        paint_icon(QPainter(self), "chevron", left, self.height() / 2, side, colour)


def attach_menu(button: QPushButton, menu: QMenu) -> None:
    """Open the menu with the button, and end the button's hover state when the menu closes elsewhere.

    Qt does not notify a button that the pointer has left it through its menu.
    """

    def end_hover() -> None:
        if not button.rect().contains(button.mapFromGlobal(QCursor.pos())):
            QApplication.sendEvent(button, QEvent(QEvent.Type.Leave))

    button.setMenu(menu)
    menu.aboutToHide.connect(end_hover)
