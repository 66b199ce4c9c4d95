"""Menus and their buttons: marks as large as the text, and buttons that look left alone."""

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QCursor, QGuiApplication
from PySide6.QtWidgets import QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.ui.theme.theme import SPACING, Theme
from app.ui.widgets.menus import Menu, MenuButton, attach_menu


@pytest.mark.parametrize("stays", [False, True])
def test_button_of_a_menu_is_lit_only_below_the_pointer(stays: bool, theme: Theme, qtbot: QtBot) -> None:
    button = QPushButton("Export")
    qtbot.addWidget(button)
    menu = QMenu(button)
    menu.addAction("Text")
    attach_menu(button, menu)
    button.show()
    QCursor.setPos(button.mapToGlobal(button.rect().center() if stays else QPoint(0, 3 * button.height())))
    button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)  # as after a click on it
    menu.aboutToHide.emit()
    assert button.underMouse() is stays


def _inked(widget: QWidget, part: QRect) -> int:
    """Return how many rows of pixels of a part of the widget have something on them."""
    image = widget.grab(part).toImage()
    ground = image.pixelColor(0, 0)
    rows = ((image.pixelColor(x, y) for x in range(image.width())) for y in range(image.height()))
    return sum(any(colour != ground for colour in row) for row in rows)


def _marks(theme: Theme, qtbot: QtBot) -> list[int]:
    """Return the heights of a tick, of the arrow of a menu, and of that of a button."""
    menu, button = Menu(), MenuButton()
    for widget in (menu, button):
        qtbot.addWidget(widget)
    ticked, opens = menu.addAction("Ticked"), menu.addMenu("More")
    opens.addAction("Entry")
    ticked.setCheckable(True)
    ticked.setChecked(True)
    button.setText("Export")
    menu.resize(menu.sizeHint())
    button.resize(button.sizeHint())
    side, gap = menu.fontMetrics().ascent(), SPACING.small
    arrow, tick = (menu.actionGeometry(action) for action in (opens.menuAction(), ticked))
    return [
        _inked(menu, tick.adjusted(gap, 1, gap + side - tick.width(), -1)),
        _inked(menu, arrow.adjusted(arrow.width() - side - gap, 1, -gap, -1)),
        _inked(button, button.rect().adjusted(button.width() - side - gap, gap, -gap, -gap)),
    ]


def test_marks_of_menus_and_buttons_grow_with_the_text(theme: Theme, qtbot: QtBot) -> None:
    usual = _marks(theme, qtbot)
    theme.choose_text_size("largest")
    assert all(large >= 1.3 * small > 0 for small, large in zip(usual, _marks(theme, qtbot), strict=True))


@pytest.mark.parametrize("corner", ["bottomRight", "topLeft"])
def test_open_menu_that_grows_stays_on_the_screen(corner: str, theme: Theme, qtbot: QtBot) -> None:
    menu = Menu()
    qtbot.addWidget(menu)
    first = menu.addAction("One")
    hidden = [menu.addAction(f"Entry {number}") for number in range(8)]
    for entry in hidden:
        entry.setVisible(False)
    screen = QGuiApplication.primaryScreen().availableGeometry()
    menu.popup(getattr(screen, corner)())
    before = menu.geometry()
    for entry in hidden:
        entry.setVisible(True)
    first.setText("One with a name that is much longer than before")
    qtbot.waitUntil(lambda: menu.height() > before.height() and menu.width() > before.width())
    assert screen.contains(menu.geometry()), f"{menu.geometry()} of {screen}"
    assert getattr(menu.geometry(), corner)() == getattr(before, corner)(), "it grows from its corner"
