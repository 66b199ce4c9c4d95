"""Playback marks the spoken word and keeps it in view; a click on a word finds its time."""

import pytest
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from app.history.word_times import TimedRange
from app.ui.history.text_follower import Follower
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
def follower(theme: Theme, edit: QPlainTextEdit) -> Follower:
    made = Follower(theme, edit)
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


def test_spoken_word_scrolls_into_view_unless_user_types(theme: Theme, edit: QPlainTextEdit, qtbot: QtBot) -> None:
    text = "\n".join(f"line{number}" for number in range(200))
    edit.setPlainText(text)
    edit.clearFocus()
    follower = Follower(theme, edit)
    first = text.index("line150")
    follower.show(text, (TimedRange(0, 100, 0, 5), TimedRange(100, 200, first, first + 7)))
    follower.mark(150)
    (selection,) = edit.extraSelections()
    place = edit.cursorRect(selection.cursor)
    assert place.top() >= 0 and place.bottom() <= edit.viewport().height()
    follower.mark(50)
    assert edit.verticalScrollBar().value() == 0
    edit.setFocus()
    qtbot.waitUntil(edit.hasFocus)
    follower.mark(150)
    assert marked(edit) == ["line150"] and edit.verticalScrollBar().value() == 0
