"""Bar for texts to paste: what it says, and its three actions."""

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.states import State
from app.dictation.actions import HeldAction, SettleHeld
from app.dictation.view import TakeView, View
from app.journal.take import TakeState
from app.messages.kinds import Action
from app.ui.home.head import PasteBar
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.showing import kept

HELD = TakeView("d", 1_700_000_300.0, 2.0, TakeState.HELD, "kia ora", held=2)
DONE = TakeView("a", 1_700_000_000.0, 75.0, TakeState.DONE, "kia ora 你好")


@pytest.fixture
def bar(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> PasteBar:
    return kept(qtbot, PasteBar(theme, texts, asked.append), 500, 200)


def test_paste_bar_is_hidden_without_text_to_paste(bar: PasteBar) -> None:
    bar.show_takes([DONE])
    assert bar.isHidden()
    bar.show_takes([HELD, DONE])
    assert not bar.isHidden()
    bar.show_takes([])
    assert bar.isHidden()


def test_paste_bar_names_key_text_and_number(bar: PasteBar, texts: Texts) -> None:
    bar.show_takes([HELD])
    bar.show()
    assert bar.name.text() == texts("home.to-paste") and bar.text.accessibleName() == "kia ora"
    bar.show_key("Ctrl+Alt+V")
    assert bar.name.text() == texts("home.to-paste"), "the key pastes no recording of before the app was started"
    bar.show_view(View(State.HELD, held=2))
    assert bar.name.text() == texts("home.paste-here", key="Ctrl+Alt+V") and bar.more.text() == ""
    bar.show_takes([HELD, replace(HELD, session="c"), replace(HELD, session="b")])
    assert bar.more.text() == texts("home.more-to-paste", count=2)
    names = {button.accessibleName() for button in (bar.paste, bar.copy, bar.dismiss)}
    assert len(names) == 3
    bar.show_takes([replace(HELD, started_s=time.time())])
    assert texts("home.today") in bar.paste.accessibleName()


def test_paste_bar_says_where_a_text_may_have_arrived(bar: PasteBar, texts: Texts) -> None:
    bar.show_key("Ctrl+Alt+V")
    bar.show_view(View(State.HELD, held=1))
    bar.show_takes([replace(HELD, doubted=("", "some-editor"))])
    assert bar.name.text() == texts("home.perhaps-inserted-in", program="Some Editor")
    bar.show_takes([replace(HELD, doubted=("",))])
    assert bar.name.text() == texts("home.perhaps-inserted")


def test_text_to_paste_is_pasted_copied_or_dismissed(bar: PasteBar, asked: list[Action], qtbot: QtBot) -> None:
    bar.show_takes([HELD])
    bar.show()
    QGuiApplication.clipboard().setText("before")
    for button in (bar.copy, bar.dismiss):
        QTest.keyClick(button, Qt.Key.Key_Space)
    assert asked == [SettleHeld("d", HeldAction.COPY), SettleHeld("d", HeldAction.DISMISS)]
    assert QGuiApplication.clipboard().text() == "before", "the app copies the text, not the bar"
    QTest.keyClick(bar.paste, Qt.Key.Key_Space)
    assert bar.window().isMinimized(), "the window below gets the focus"
    bar.show_takes([replace(HELD, session="newer"), HELD])
    qtbot.waitUntil(lambda: asked[-1] == SettleHeld("d", HeldAction.PASTE))
