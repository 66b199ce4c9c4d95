"""Pages behind tabs: mouse, keyboard, and closing the window."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from app.core.shown_once import ShownOnce
from app.dictation.actions import Verb
from app.messages.actions import Action
from app.ui.shell.shell import Shell
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme

Make = Callable[..., Shell]


@pytest.fixture
def asked() -> list[Action]:
    return []


@pytest.fixture
def make(theme: Theme, asked: list[Action], qtbot: QtBot) -> Make:
    def made(texts: Texts, hides: bool = True) -> Shell:
        shell = Shell(theme, texts, asked.append, hides=hides)
        qtbot.addWidget(shell)
        for name in ("dictation", "files", "monitor"):
            shell.add(name, QLabel(name))
        return shell

    return made


def test_first_page_is_in_front_and_tabs_change_it(make: Make, texts: Texts) -> None:
    shell = make(texts)
    seen: list[str] = []
    shell.seen.connect(seen.append)
    shell.appear()
    assert (shell.page, shell.tabs["dictation"].isChecked(), seen[-1]) == ("dictation", True, "dictation")
    QTest.mouseClick(shell.tabs["files"], Qt.MouseButton.LeftButton)
    assert (shell.page, shell.tabs["dictation"].isChecked(), seen[-1]) == ("files", False, "files")
    shell.appear("monitor")
    assert (shell.page, shell.tabs["monitor"].isChecked(), seen[-1]) == ("monitor", True, "monitor")
    shell.close()
    assert seen[-1] == ""


def test_arrow_key_moves_to_next_page(make: Make, qtbot: QtBot) -> None:
    shell = make(Texts("en"))
    shell.appear()
    shell.tabs["dictation"].setFocus()
    qtbot.waitUntil(lambda: shell.tabs["dictation"].hasFocus())
    QTest.keyClick(shell.tabs["dictation"], Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: shell.tabs["files"].isChecked())
    assert shell.page == "files"


def test_tabs_are_translated_and_fit_their_names(make: Make) -> None:
    texts = Texts("en")
    shell = make(texts)
    shell.appear()
    assert [tab.accessibleName() for tab in shell.tabs.values()] == ["Dictation", "Files", "Monitor"]
    texts.choose("zh")
    assert [tab.text() for tab in shell.tabs.values()] == ["听写", "文件", "监视器"]
    for tab in shell.tabs.values():
        assert tab.sizeHint().width() >= tab.fontMetrics().horizontalAdvance(tab.text())


def test_widget_can_cover_all_pages(make: Make, qtbot: QtBot) -> None:
    shell, front = make(Texts("en")), QLabel("front")
    shell.appear()
    seen: list[str] = []
    shell.seen.connect(seen.append)
    shell.cover(front)
    assert (front.isVisible(), shell.tabs["dictation"].isVisible(), shell.page, seen[-1]) == (True, False, "", "")
    shell.uncover()
    shell.uncover()
    assert (front.isVisible(), shell.page, seen[-1]) == (False, "dictation", "dictation")
    assert shell.focusWidget() is shell.pages["dictation"]


@pytest.mark.parametrize("hides", [True, False])
def test_closing_hides_window_with_tray_and_quits_without(make: Make, asked: list[Action], hides: bool) -> None:
    shell = make(Texts("en"), hides)
    shell.appear()
    shell.close()
    assert (shell.isVisible(), asked) == ((False, []) if hides else (True, [Verb.QUIT]))


def test_ctrl_and_number_choose_page(make: Make, texts: Texts, qtbot: QtBot) -> None:
    shell = make(texts)
    shell.appear()
    shell.activateWindow()
    qtbot.waitUntil(shell.isActiveWindow)
    for key, name in ((Qt.Key.Key_3, "monitor"), (Qt.Key.Key_1, "dictation")):
        QTest.keyClick(shell, key, Qt.KeyboardModifier.ControlModifier)
        assert shell.page == name
        assert shell.focusWidget() is shell.pages[name]


def test_first_closing_explains_that_app_stays_in_tray(
    theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot, tmp_path: Path
) -> None:
    once = ShownOnce(tmp_path / "told")
    shell = Shell(theme, texts, asked.append, hides=True, closing=once)
    qtbot.addWidget(shell)
    shell.add("dictation", QLabel("dictation"))
    shell.appear()
    shell.close()
    note = shell.closing_note
    assert note is not None and note.isVisible() and shell.isVisible()
    note.go_on.click()
    assert not shell.isVisible() and once.done and asked == []
    shell.appear()
    shell.close()
    assert not shell.isVisible() and not note.isVisible(), "it is told once"


def test_first_closing_without_a_tray_quits(
    theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot, tmp_path: Path
) -> None:
    shell = Shell(theme, texts, asked.append, hides=False, closing=ShownOnce(tmp_path / "told"))
    qtbot.addWidget(shell)
    shell.appear()
    shell.close()
    assert asked == [Verb.QUIT] and shell.isVisible()


def test_window_is_maximised_when_screen_is_too_small(
    make: Make, texts: Texts, qapp: QApplication, qtbot: QtBot
) -> None:
    room = qapp.primaryScreen().availableSize()
    for points, fills in ((4.0, False), (40.0, True)):
        letters = QFont(qapp.font())
        letters.setPointSizeF(points)
        qapp.setFont(letters)
        shell = make(texts)
        shell.appear()
        assert shell.isMaximized() is fills
        assert shell.width() <= room.width() and shell.height() <= room.height()
        shell.showNormal()
        shell.appear()
        assert not shell.isMaximized(), "later it is as large as a person made it"
