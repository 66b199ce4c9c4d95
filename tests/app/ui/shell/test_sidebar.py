"""Sidebar: names, icons alone, and the mark of the chosen page."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.insertion.outcome import HoldReason
from app.ui.shell.sidebar import Sidebar, Status, StatusLine
from app.ui.strings.texts import Texts, note_text
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import Theme
from tests.app.ui.languages import in_each_language

NAMES = ("home", "files", "dictionary", "settings")


class World:
    def __init__(self, theme: Theme, texts: Texts) -> None:
        self.chosen = list[str]()
        self.sidebar = Sidebar(theme, texts, self.chosen.append)
        for name in NAMES:
            self.sidebar.add(name)
        self.sidebar.entries["home"].setChecked(True)
        self.sidebar.show()


@pytest.fixture
def world(theme: Theme, texts: Texts, qtbot: QtBot) -> World:
    made = World(theme, texts)
    qtbot.addWidget(made.sidebar)
    return made


def picture(sidebar: Sidebar, name: str) -> QImage:
    QApplication.processEvents()
    return sidebar.entries[name].grab().toImage()


def test_entries_have_names_and_report_clicks(world: World, texts: Texts) -> None:
    entries = world.sidebar.entries
    assert [entry.text() for entry in entries.values()] == [texts(f"page.{name}") for name in NAMES]
    for name, entry in entries.items():
        assert entry.accessibleName() == entry.text()
        QTest.mouseClick(entry, Qt.MouseButton.LeftButton)
        assert world.chosen[-1] == name


@in_each_language
def test_sidebar_shows_the_whole_hint_at_hotkeys_of_the_desktop(world: World, theme: Theme, texts: Texts) -> None:
    line, hint = StatusLine(theme, texts), texts("note.hotkeys-wayland")
    world.sidebar.put(line)
    line.show_status(Status(problem=hint))
    world.sidebar.resize(world.sidebar.width(), 800)
    QApplication.processEvents()
    assert line.trouble.text() == hint


@in_each_language
def test_sidebar_shows_what_to_do_with_each_held_text(world: World, theme: Theme, texts: Texts) -> None:
    line = StatusLine(theme, texts)
    world.sidebar.put(line)
    world.sidebar.resize(world.sidebar.width(), 800)
    for reason in HoldReason:
        line.show_status(Status(problem=note_text(texts, Note(reason), "Ctrl+Alt+V")))
        QApplication.processEvents()
        assert line.trouble.text() == line.trouble.accessibleName() != ""


def test_folded_entries_keep_names_as_tool_tips(world: World, texts: Texts) -> None:
    sidebar = world.sidebar
    assert all(not entry.toolTip() for entry in sidebar.entries.values())
    sidebar.fold(True)
    for entry in (*sidebar.entries.values(), sidebar.more):
        assert entry.toolTip() == entry.accessibleName() != ""
        assert entry.width() >= entry.sizeHint().width()
    texts.choose("zh" if texts.language == "en" else "en")
    assert sidebar.entries["home"].toolTip() == texts("page.home")


@in_each_language
def test_width_fits_every_name(world: World) -> None:
    world.sidebar.fold(False)
    QApplication.processEvents()
    for entry in world.sidebar.entries.values():
        assert entry.width() >= entry.across()


def test_chosen_page_is_marked_without_colour_alone(theme: Theme, world: World) -> None:
    """In high contrast the background is the mark, and in every scheme there is a bar."""
    theme.choose(Scheme.HIGH_CONTRAST)
    before = picture(world.sidebar, "files")
    world.sidebar.entries["files"].setChecked(True)
    after = picture(world.sidebar, "files")
    middle = after.height() // 2
    assert after.pixelColor(1, middle) == theme.colour("accent") != before.pixelColor(1, middle)
    assert after.pixelColor(after.width() // 2, 3) != before.pixelColor(after.width() // 2, 3)


def test_arrow_keys_choose_neighbours(world: World, qtbot: QtBot) -> None:
    home = world.sidebar.entries["home"]
    world.sidebar.activateWindow()
    home.setFocus()
    qtbot.waitUntil(home.hasFocus)
    QTest.keyClick(home, Qt.Key.Key_Down)
    assert world.chosen == ["files"] and world.sidebar.entries["files"].isChecked()
    QTest.keyClick(world.sidebar.entries["files"], Qt.Key.Key_Up)
    assert world.chosen == ["files", "home"]


def test_menu_opens_by_key(world: World, qtbot: QtBot) -> None:
    sidebar = world.sidebar
    sidebar.menu.addAction("x")
    sidebar.activateWindow()
    sidebar.more.setFocus()
    qtbot.waitUntil(sidebar.more.hasFocus)
    QTest.keyClick(sidebar.more, Qt.Key.Key_Space)
    assert sidebar.menu.isVisible()
    sidebar.menu.close()
