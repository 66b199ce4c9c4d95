"""Buttons that lead to a page or a section: a chosen one has a background and a bar."""

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.ui.theme.theme import Theme, font
from app.ui.widgets.controls import BAR, NavigationButton
from app.ui.widgets.parts import vertical
from tests.app.ui.showing import kept


class Entry(NavigationButton):
    """Button whose bar stands at its left edge, with nothing else."""

    def sizeHint(self) -> QSize:
        return QSize(60, self.fontMetrics().height())

    def bar(self) -> QRectF:
        return QRectF(0, 10, 2 * BAR, 20)

    def paint_name(self, painter: QPainter) -> None:
        painter.fillRect(30, 10, 10, 10, QColor("black"))


def test_chosen_button_has_background_bar_and_name(theme: Theme, qtbot: QtBot) -> None:
    button = kept(qtbot, Entry(theme), 60, 40)
    plain = button.grab().toImage()
    button.setChecked(True)
    chosen = button.grab().toImage()
    assert chosen.pixelColor(3, 20) == theme.colour("accent")
    assert chosen.pixelColor(50, 20) == theme.colour("accent_soft") != plain.pixelColor(50, 20)
    assert chosen.pixelColor(35, 15) == plain.pixelColor(35, 15) == QColor("black")


def test_button_asks_for_room_when_the_font_grows(theme: Theme, qtbot: QtBot) -> None:
    button = Entry(theme)
    page = QWidget()
    qtbot.addWidget(page)
    vertical(button, within=page)
    before = page.sizeHint().height()
    larger = font()
    larger.setPointSizeF(larger.pointSizeF() * 2)
    button.setFont(larger)
    assert page.sizeHint().height() > before
