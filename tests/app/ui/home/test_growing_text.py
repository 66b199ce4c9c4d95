"""Editor that is as high as its text."""

from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.ui.home.growing_text import GrowingText
from app.ui.theme.theme import Theme


def test_editor_follows_its_lines_and_its_width(theme: Theme, qtbot: QtBot) -> None:
    window, text = QWidget(), GrowingText()
    column = QVBoxLayout(window)
    column.addWidget(text)
    column.addStretch()
    qtbot.addWidget(window)
    window.resize(600, 2_000)
    window.show()
    text.setPlainText("one line")
    qtbot.waitUntil(lambda: text.height() == text.sizeHint().height())
    low = text.height()
    text.setPlainText("many words " * 200)
    qtbot.waitUntil(lambda: text.height() > 3 * low)
    wide = text.height()
    window.resize(300, 2_000)
    qtbot.waitUntil(lambda: text.height() > 1.5 * wide)
    assert text.verticalScrollBar().maximum() == 0
