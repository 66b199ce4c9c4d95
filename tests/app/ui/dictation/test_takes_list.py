"""List of the last takes: display, copy, paste and recovery."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.states import State
from app.dictation.actions import HeldAction, RecoverTake, SettleHeld
from app.dictation.view import TakeView
from app.messages.actions import Action
from app.ui.dictation.takes_list import MOST, TakeRow, TakesList
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme

DONE = TakeView("a", 1_700_000_000.0, 75.0, State.DONE, "kia ora 你好")
FAILED = TakeView("b", 1_700_000_100.0, 8.0, State.FAILED, recovers=True)
HELD = TakeView("d", 1_700_000_300.0, 2.0, State.HELD, "kia ora", held=2)
SILENT = TakeView("c", 1_700_000_200.0, 3.0, State.DONE)


@pytest.fixture
def asked() -> list[Action]:
    return []


@pytest.fixture
def takes(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> TakesList:
    made = TakesList(theme, texts, asked.append)
    qtbot.addWidget(made)
    made.resize(500, 400)
    made.show()
    return made


def shown(takes: TakesList) -> list[TakeRow]:
    return [row for row in takes.rows if row.isVisible()]


def test_empty_takes_list_shows_message(takes: TakesList, texts: Texts) -> None:
    assert takes._empty.isVisible()
    assert takes._empty.text() == texts("window.takes-empty")


def test_each_take_shows_text_time_state_and_icon(takes: TakesList, texts: Texts) -> None:
    takes.show_takes([DONE, FAILED, SILENT])
    assert not takes._empty.isVisible()
    first, second, third = shown(takes)
    assert first.text.accessibleName() == DONE.text
    assert "1:15" in first.when.text() and texts("state.done") in first.when.text()
    assert (first.shape.state, first.shape.accessibleName()) == (State.DONE, texts("state.done"))
    assert second.text.accessibleName() == texts("take.failed")
    assert third.text.accessibleName() == texts("take.no-text")
    takes.show_takes([replace(SILENT, state=State.WAITING)])
    assert shown(takes)[0].text.accessibleName() == texts("state.waiting")
    takes.show_takes([replace(DONE, state=State.CANCELLED, partly=True)])
    assert texts("take.partly") in shown(takes)[0].when.text()


def test_text_to_paste_is_pasted_copied_or_dismissed(
    takes: TakesList, asked: list[Action], texts: Texts, qtbot: QtBot
) -> None:
    takes.show_takes([HELD, DONE])
    row, done = shown(takes)
    assert not done.paste.isVisible() and not done.dismiss.isVisible()
    QGuiApplication.clipboard().setText("before")
    for button in (row.copy, row.dismiss):
        QTest.keyClick(button, Qt.Key.Key_Space)
    assert asked == [SettleHeld("d", HeldAction.COPY), SettleHeld("d", HeldAction.DISMISS)]
    assert QGuiApplication.clipboard().text() == "before", "whoever knows what waits copies it"
    QTest.keyClick(row.paste, Qt.Key.Key_Space)
    assert row.window().isMinimized(), "the window below gets the focus"
    qtbot.waitUntil(lambda: asked[-1] == SettleHeld("d", HeldAction.PASTE))


def test_text_is_copied_with_keyboard(takes: TakesList, texts: Texts, qtbot: QtBot) -> None:
    takes.show_takes([DONE])
    (row,) = shown(takes)
    QTest.keyClick(row.copy, Qt.Key.Key_Space)
    assert QGuiApplication.clipboard().text() == DONE.text
    assert row.copy.text() == texts("action.copied")


def test_failed_take_can_be_recovered(takes: TakesList, asked: list[Action], qtbot: QtBot) -> None:
    takes.show_takes([FAILED])
    (row,) = shown(takes)
    assert row.recover.isVisible() and not row.copy.isVisible()
    QTest.mouseClick(row.recover, Qt.MouseButton.LeftButton)
    assert asked == [RecoverTake("b")]


def test_finished_take_offers_no_recovery(takes: TakesList) -> None:
    takes.show_takes([DONE, SILENT])
    done, silent = shown(takes)
    assert done.copy.isVisible() and not done.recover.isVisible()
    assert not silent.copy.isVisible() and not silent.recover.isVisible()


def test_buttons_name_their_take(takes: TakesList) -> None:
    takes.show_takes([DONE, FAILED])
    names = [row.copy.accessibleName() for row in shown(takes)]
    assert len(set(names)) == 2


def test_rows_are_reused_when_takes_change(takes: TakesList) -> None:
    takes.show_takes([DONE] * (MOST + 20))
    assert len(shown(takes)) == MOST
    rows = list(takes.rows)
    takes.show_takes([FAILED])
    takes.show_takes([FAILED, DONE])
    assert len(shown(takes)) == 2
    assert takes.rows == rows


def test_takes_list_changes_language(theme: Theme, qtbot: QtBot) -> None:
    texts = Texts("en")
    takes = TakesList(theme, texts, lambda action: None)
    qtbot.addWidget(takes)
    takes.show_takes([DONE])
    texts.choose("zh")
    takes.refresh()
    assert takes.rows[0].copy.text() == "复制"


def test_new_take_changes_no_other_row(takes: TakesList, texts: Texts) -> None:
    """Every key press makes a new list, so rows of known takes must not be laid out again."""
    before = [replace(DONE, session=str(number)) for number in range(10)]
    takes.show_takes(before)
    rows = list(takes.rows)
    newest = replace(FAILED, session="newest")
    takes.show_takes([newest, *before[:-1]])
    assert takes.rows == [rows[-1], *rows[:-1]]
    assert [row.pos().y() for row in shown(takes)] == sorted(row.pos().y() for row in shown(takes))
    QTest.keyClick(takes.rows[1].copy, Qt.Key.Key_Space)
    takes.show_takes([replace(newest, text="kia ora", state=State.DONE), *before[:-1]])
    assert takes.rows[0].text.text() == "kia ora"
    assert takes.rows[1].copy.text() == texts("action.copy")
