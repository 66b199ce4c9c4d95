"""Menu of a row: texts, hotkeys and actions."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.ui.home.row_menu import row_menu
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme


def test_menu_has_texts_hotkeys_and_actions(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    done: list[str] = []
    entries = (
        ("home.open", Qt.Key.Key_Return, lambda: done.append("open")),
        ("home.save-text", None, lambda: done.append("save")),
    )
    menu = row_menu(parent, texts, entries)
    opens, saves = menu.actions()
    assert (opens.text(), saves.text()) == (texts("home.open"), texts("home.save-text"))
    assert opens.shortcut() == QKeySequence(Qt.Key.Key_Return) and saves.shortcut().isEmpty()
    opens.trigger()
    saves.trigger()
    assert done == ["open", "save"]
