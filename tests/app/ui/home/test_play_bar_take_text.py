"""Playback marks the spoken word and reveals it; a click on a word finds its time."""

import pytest
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.core.word_times import TimedRange
from app.ui.home.play_bar import Follower, GrowingText
from app.ui.theme.theme import Theme

TEXT = "Kia ora 😀 今天天气好"
SPOKEN = (
    TimedRange(100, 200, 0, 3),
    TimedRange(200, 300, 4, 7),
    TimedRange(400, 500, 10, 12),
    TimedRange(500, 900, 12, 15),
)


@pytest.fixture
def edit(theme: Theme, qtbot: QtBot) -> QPlainTextEdit:
    made = QPlainTextEdit()
    qtbot.addWidget(made)
    made.setPlainText(TEXT)
    made.resize(400, 120)
    made.show()
    return made


@pytest.fixture
def revealed() -> list[str]:
    return []


@pytest.fixture
def follower(theme: Theme, edit: QPlainTextEdit, revealed: list[str]) -> Follower:
    made = Follower(theme, edit, lambda cursor: revealed.append(cursor.selectedText()))
    made.show(TEXT, SPOKEN)
    return made


def marked(edit: QPlainTextEdit) -> list[str]:
    return [one.cursor.selectedText() for one in edit.extraSelections()]


def test_spoken_word_is_marked_with_underline(edit: QPlainTextEdit, follower: Follower) -> None:
    said = []
    for ms in (0, 150, 250, 350, 450, 700):
        follower.mark(ms)
        said.append("".join(marked(edit)))
    assert said == ["", "Kia", "ora", "ora", "今天", "天气好"]
    assert edit.extraSelections()[0].format.fontUnderline()
    follower.mark(None)
    assert marked(edit) == []


def test_edited_text_is_not_marked(edit: QPlainTextEdit, follower: Follower) -> None:
    follower.mark(150)
    edit.setPlainText("Kia")
    follower.mark(250)
    assert marked(edit) == [] and follower.when(edit.cursorRect().center()) is None


def test_position_in_text_has_its_time(edit: QPlainTextEdit, follower: Follower) -> None:
    times = []
    for place in (1, 5, 11, 14):  # in UTF-16 units: the emoji has two
        cursor = edit.textCursor()
        cursor.setPosition(place)
        times.append(follower.when(edit.cursorRect(cursor).center()))
    assert times == [100, 200, 400, 500]
    follower.show("", ())
    assert follower.when(edit.cursorRect().center()) is None


def test_spoken_word_is_revealed_unless_user_types(
    edit: QPlainTextEdit, follower: Follower, revealed: list[str], qtbot: QtBot
) -> None:
    edit.clearFocus()
    follower.mark(150)
    assert revealed == ["Kia"]
    edit.setFocus()
    qtbot.waitUntil(edit.hasFocus)
    follower.mark(450)
    assert marked(edit) == ["今天"] and revealed == ["Kia"]


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
