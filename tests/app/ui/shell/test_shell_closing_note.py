"""Note at the first closing of the window, which explains that the app goes on."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.core.hints import FirstTimes
from app.dictation.actions import Verb
from app.messages.kinds import Action
from app.ui.shell.shell import ClosingNote, Shell
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.showing import kept


class World:
    """A window that was closed for the first time."""

    def __init__(self, shell: Shell, once: FirstTimes) -> None:
        self.shell, self.once = shell, once
        shell.add("home", QLabel("home"))
        shell.appear()
        shell.close()

    @property
    def note(self) -> ClosingNote:
        assert self.shell.closing_note is not None
        return self.shell.closing_note


@pytest.fixture
def world(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot, tmp_path: Path) -> World:
    once = FirstTimes(tmp_path / "told", 1)
    return World(kept(qtbot, Shell(theme, texts, asked.append, closing=once)), once)


def test_note_says_where_the_app_runs_on_and_how_to_quit(world: World, texts: Texts, qtbot: QtBot) -> None:
    note = world.note
    assert note.isVisible() and world.shell.isVisible() and note.go_on.isDefault()
    assert (note.heading.text(), note.description.text()) == (texts("closing.heading"), texts("closing.says"))
    qtbot.waitUntil(lambda: note._body.verticalScrollBar().maximum() == 0)  # no part is scrolled out of view


def test_note_is_shown_until_the_window_was_closed_by_it(world: World, asked: list[Action]) -> None:
    QTest.keyClick(world.note, Qt.Key.Key_Escape)
    assert (world.shell.isVisible(), world.note.isVisible(), world.once.left) == (True, False, 1)
    world.shell.close()
    world.note.go_on.click()
    assert (world.shell.isVisible(), world.once.left, asked) == (False, 0, [])
    world.shell.appear()
    world.shell.close()
    assert not world.shell.isVisible() and not world.note.isVisible()


def test_app_can_be_quit_from_the_note(world: World, asked: list[Action]) -> None:
    world.note.quit.click()
    assert asked == [Verb.QUIT] and not world.once.left and not world.note.isVisible()


def test_note_names_another_way_back_without_tray(world: World, texts: Texts) -> None:
    world.shell.show_tray(False)
    assert world.note.heading.text() == texts("closing.heading-without-tray")
    assert "kikipounamu show" in world.note.description.text()
    world.shell.show_tray(True)
    assert world.note.description.text() == texts("closing.says")
