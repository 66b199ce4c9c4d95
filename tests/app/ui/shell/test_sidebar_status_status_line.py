"""Status line at the foot of the sidebar."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.states import State
from app.dictation.view import View
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.ui.settings.choices import Choices
from app.ui.shell.sidebar import Status, StatusLine, status_hint
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.languages import in_each_language

STATUS = Status(
    View(State.LISTENING),
    Choices(default_microphone="USB"),
    worker=WorkerView(LocalWorkerState.DOWNLOADING, percent=40),
)


@pytest.fixture
def line(theme: Theme, texts: Texts, qtbot: QtBot) -> StatusLine:
    made = StatusLine(theme, texts)
    qtbot.addWidget(made)
    made.show_status(STATUS)
    made.show()
    return made


def test_line_shows_shape_words_and_download(line: StatusLine, texts: Texts) -> None:
    assert line.shape.state is State.LISTENING and line.word.text() == texts("state.listening")
    assert line.means.accessibleName() == f"USB · {texts('shell.here')}"
    assert line.trouble.isVisible() and "40" in line.trouble.accessibleName()
    assert line.trouble.property("role") == "muted"
    assert line.accessibleName() == line.toolTip() == status_hint(texts, STATUS)


def test_folded_line_keeps_shape_and_whole_tool_tip(line: StatusLine, texts: Texts) -> None:
    wide = line.sizeHint().width()
    line.fold(True)
    QApplication.processEvents()
    assert line.shape.isVisible() and line.sizeHint().width() < wide
    assert not (line.word.isVisible() or line.means.isVisible() or line.trouble.isVisible())
    assert line.toolTip() == status_hint(texts, STATUS)
    line.fold(False)
    assert line.means.isVisible() and line.trouble.isVisible()


def test_line_is_a_button_for_mouse_and_keyboard(line: StatusLine, qtbot: QtBot) -> None:
    clicks: list[str] = []
    line.clicked.connect(lambda: clicks.append("click"))
    QTest.mouseClick(line, Qt.MouseButton.LeftButton, pos=line.means.geometry().center())
    line.setFocus()
    QTest.keyClick(line, Qt.Key.Key_Space)
    assert len(clicks) == 2


@in_each_language
def test_line_changes_language(line: StatusLine, texts: Texts) -> None:
    texts.choose("zh" if texts.language == "en" else "en")
    assert line.word.text() == texts("state.listening") and line.accessibleName() == status_hint(texts, STATUS)
