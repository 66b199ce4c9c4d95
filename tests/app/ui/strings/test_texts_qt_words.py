"""Words of Qt in the language of the windows."""

from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from app.ui.strings.texts import QtWords, Texts


def menu(qtbot: QtBot) -> list[str]:
    """Return the entries of a text field's menu, without shortcuts."""
    field = QLineEdit()
    qtbot.addWidget(field)
    made = field.createStandardContextMenu()
    qtbot.addWidget(made)
    return [action.text().partition("\t")[0].partition("(")[0].replace("&", "") for action in made.actions()]


def test_menu_of_text_field_follows_the_language(qtbot: QtBot, qapp: QApplication) -> None:
    texts = Texts("zh")
    words = QtWords(qapp, texts)
    try:
        assert {"复制", "粘贴", "全选"} <= set(menu(qtbot))
        texts.choose("en")
        assert {"Copy", "Paste", "Select All"} <= set(menu(qtbot))
        texts.choose("zh")
        assert "复制" in menu(qtbot)
    finally:
        texts.choose("en")
        words.deleteLater()
