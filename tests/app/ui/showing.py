"""Widgets that a test shows, which Qt ends with the test, and the size of their letters."""

from typing import TypeVar

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

W = TypeVar("W", bound=QWidget)


def kept(qtbot: QtBot, widget: W, width: int = 0, height: int = 0) -> W:
    """Return a widget of this size, not yet visible; without a size, it has its own."""
    qtbot.addWidget(widget)
    if width:
        widget.resize(width, height)
    return widget


def displayed(qtbot: QtBot, widget: W, width: int = 0, height: int = 0) -> W:
    """Return a visible widget."""
    kept(qtbot, widget, width, height).show()
    return widget


def enlarge(scale: float) -> None:
    """Multiply the size of the application's font, until the test has ended."""
    larger = QFont(QApplication.font())
    larger.setPointSizeF(larger.pointSizeF() * scale)
    QApplication.setFont(larger)
