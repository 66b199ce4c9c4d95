"""The window as it opens: visible before its other pages exist."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.dictation.actions import Verb
from app.messages.kinds import Action
from app.ui.shell import front as module
from app.ui.shell.front import FILES, HOME, PAGES, Front
from app.ui.shell.pages import Pages
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.showing import enlarge


class Drawings(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


@pytest.fixture
def front(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> Iterator[Front]:
    front = Front(theme, texts, asked.append)
    qtbot.addWidget(front.shell)
    yield front
    front.shell.hide()


def test_window_is_drawn_when_appear_returns(front: Front) -> None:
    drawings = Drawings()
    front.shell.installEventFilter(drawings)
    front.appear()
    assert drawings.count and front.shell.isVisible()
    assert (front.shell.page, [*front.shell.entries]) == (HOME, [*PAGES])


def test_window_that_fills_a_small_screen_is_drawn_in_its_final_layout(front: Front) -> None:
    """Building the other pages takes a second, in which nothing is laid out again."""
    enlarge(1.5)
    front.appear()
    parts = {"sidebar": front.shell.sidebar, "head": front.home.head, "hero": front.home.head.hero}
    assert front.shell.isMaximized()
    drawn = {name: QRect(part.geometry()) for name, part in parts.items()}
    for _ in range(9):
        QApplication.processEvents()
    assert drawn == {name: part.geometry() for name, part in parts.items()}


def test_window_that_is_not_drawn_is_not_waited_for_long(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONGEST_MS", 10)
    front.shell.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    front.appear()


def test_window_is_hidden_before_the_app_quits(front: Front, asked: list[Action]) -> None:
    front.appear()
    front.shell.quit.trigger()
    assert asked[-1] is Verb.QUIT and not front.shell.isVisible()


def test_other_pages_come_into_the_places_that_the_sidebar_shows(front: Front, theme: Theme, texts: Texts) -> None:
    front.appear()
    QTest.mouseClick(front.shell.entries[FILES], Qt.MouseButton.LeftButton)
    pages = Pages(front, theme, texts)
    assert front.shell.page == FILES and pages.files.isVisible()
    front.shell.choose(HOME)
    assert front.home.isVisible() and not pages.files.isVisible()
