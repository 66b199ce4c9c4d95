import pytest
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QComboBox, QLineEdit, QListWidget, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.insertion.outcome import FocusKind, Target, TextSurroundings
from app.ui.shell.own_field import OwnField, surroundings
from tests.app.ui.runtime import Runtime


def test_field_reports_the_text_around_the_caret(qtbot: QtBot) -> None:
    field = QLineEdit("kia 🎤 ora koutou")
    qtbot.addWidget(field)
    field.setCursorPosition(len("kia 🎤 ora") + 1)  # Qt counts the picture as two
    assert surroundings(field) == TextSurroundings(FocusKind.FIELD, "kia 🎤 ora", " ")
    field.end(False)
    assert surroundings(field) == TextSurroundings(FocusKind.FIELD, "kia 🎤 ora koutou")


@pytest.mark.parametrize(("start", "end"), [(3, 7), (7, 3)])
def test_field_reports_the_text_around_the_selection(qtbot: QtBot, start: int, end: int) -> None:
    field = QPlainTextEdit("one\ntwo three")
    qtbot.addWidget(field)
    caret = field.textCursor()
    caret.setPosition(4 + start)
    caret.setPosition(4 + end, QTextCursor.MoveMode.KeepAnchor)
    field.setTextCursor(caret)
    assert surroundings(field) == TextSurroundings(FocusKind.FIELD, "two", "e")


def test_password_is_not_read(qtbot: QtBot) -> None:
    field = QLineEdit("secret")
    qtbot.addWidget(field)
    field.setEchoMode(QLineEdit.EchoMode.Password)
    assert surroundings(field) == TextSurroundings(FocusKind.PASSWORD)


@pytest.mark.parametrize("make", [QPushButton, QComboBox])
def test_other_widgets_are_no_fields(qtbot: QtBot, make: type[QWidget]) -> None:
    widget = make()
    qtbot.addWidget(widget)
    assert surroundings(widget) == TextSurroundings(FocusKind.NO_FIELD)


def test_unchangeable_text_is_no_field(qtbot: QtBot) -> None:
    for field in (QLineEdit("fixed"), QPlainTextEdit("fixed")):
        qtbot.addWidget(field)
        field.setReadOnly(True)
        assert surroundings(field) == TextSurroundings(FocusKind.NO_FIELD)


def test_list_takes_keys_to_search_but_no_text(qtbot: QtBot) -> None:
    listing = QListWidget()
    qtbot.addWidget(listing)
    assert surroundings(listing) == TextSurroundings(FocusKind.NO_FIELD)


def test_focused_field_is_read_from_the_loop(qtbot: QtBot, runtime: Runtime) -> None:
    field = QLineEdit("kia ora")
    qtbot.addWidget(field)
    reader = OwnField()
    assert runtime.do(reader.read_around(Target(1))) is None, "nothing has the focus"
    field.show()
    field.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    field.setCursorPosition(7)
    assert runtime.do(reader.read_around(Target(1))) == TextSurroundings(FocusKind.FIELD, "kia ora")
