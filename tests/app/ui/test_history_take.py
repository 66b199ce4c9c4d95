"""What was chosen in the history, and drafts that outlive a save that failed."""

from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.capture.take import TakeState
from app.history.actions import DeleteTakes, EditTake
from app.history.index import Row
from app.ui.history_take import MOST_DRAFTS, Asked, TakePanel
from app.ui.texts import Texts
from app.ui.theme import Theme
from tests.app.ui.test_files_page import Chosen


def row(number: int) -> Row:
    return Row(UUID(int=number + 1), 1_700_000_000.0, 5.0, 1, TakeState.DONE, f"take {number}")


@pytest.fixture
def asked() -> list[Asked]:
    return []


@pytest.fixture
def panel(theme: Theme, texts: Texts, asked: list[Asked], qtbot: QtBot) -> TakePanel:
    made = TakePanel(theme, texts, asked.append, Chosen(), lambda: None)
    qtbot.addWidget(made)
    made.resize(500, 500)
    made.show()
    return made


def test_nothing_chosen_says_what_to_do(panel: TakePanel, texts: Texts) -> None:
    assert panel.hint.isVisible() and not panel.text.isVisible() and not panel.delete.isVisible()
    panel.show_takes([row(1)])
    assert not panel.hint.isVisible() and panel.text.isVisible() and panel.delete.isVisible()


def test_a_double_click_deletes_nothing(panel: TakePanel, asked: list[Asked], texts: Texts) -> None:
    panel.show_takes([row(1)])
    QTest.mouseClick(panel.delete, Qt.MouseButton.LeftButton)
    QTest.mouseDClick(panel.delete, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(panel.delete, Qt.MouseButton.LeftButton)
    assert asked == [] and panel.delete.text() == texts("history.delete-sure")
    QTest.mouseClick(panel.delete, Qt.MouseButton.LeftButton)
    assert asked == [DeleteTakes((row(1).session,))]


def test_an_emptied_text_is_what_was_recognised(panel: TakePanel, asked: list[Asked]) -> None:
    panel.show_takes([row(1)])
    panel.text.selectAll()
    QTest.keyClick(panel.text, Qt.Key.Key_Delete)
    panel.save.click()
    assert asked == [EditTake(row(1).session, "")]
    panel.show_takes([])
    panel.show_takes([row(1)])
    assert panel.text.toPlainText() == "take 1"


def test_drafts_are_bounded(panel: TakePanel) -> None:
    for number in range(MOST_DRAFTS + 1):
        panel.show_takes([row(number)])
        QTest.keyClicks(panel.text, "x")
    panel.show_takes([row(MOST_DRAFTS)])
    panel.keep()
    for number, text in ((0, "take 0"), (1, "xtake 1")):
        panel.show_takes([row(number)])
        assert panel.text.toPlainText() == text
