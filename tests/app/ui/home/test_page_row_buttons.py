"""Home page: the buttons of a row, without opening its take."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.dictation.actions import RecoverTake
from app.history.view import PlayTake
from app.journal.take import TakeState
from app.messages.kinds import Action
from app.ui.home.page import HomePage
from app.ui.home.take_delegate import RowButton
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.home.rows import ROWS, fill
from tests.app.ui.showing import displayed

FAILED = replace(ROWS[1], state=TakeState.INTERRUPTED)


@pytest.fixture
def page(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> HomePage:
    made = displayed(qtbot, HomePage(theme, texts, asked.append), 900, 700)
    fill(made)
    return made


def click(page: HomePage, button: RowButton, number: int = 1) -> None:
    row = page.model.row_of(number)
    take = page.model.take(row)
    assert take is not None
    place = page.delegate.buttons(page.list.visualRect(page.model.index(row)), take)[button]
    QTest.mouseClick(page.list.viewport(), Qt.MouseButton.LeftButton, pos=place.center())


def test_copy_button_copies_without_opening(page: HomePage) -> None:
    click(page, RowButton.COPY)
    assert QGuiApplication.clipboard().text() == "take 1" and page.panel.isHidden()


def test_play_button_opens_and_plays(page: HomePage, asked: list[Action]) -> None:
    click(page, RowButton.PLAY)
    assert page.panel.row == ROWS[1] and PlayTake(ROWS[1].session, 0) in asked


def test_recover_button_recovers_without_opening(page: HomePage, asked: list[Action]) -> None:
    fill(page, (ROWS[0], FAILED, *ROWS[2:]), version=1)
    click(page, RowButton.RECOVER)
    assert RecoverTake(str(FAILED.session)) in asked and page.panel.isHidden()
