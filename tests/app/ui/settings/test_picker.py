"""Searchable list: search, keys, mouse, screen readers, and where it opens."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.ui.settings.picker import MOST_ROWS, Picker
from app.ui.settings.picker_entries import PickerEntry
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.languages import in_each_language

ENTRIES = tuple(PickerEntry(f"v{number}", f"Name {number:02}", "beside") for number in range(30))
FEW = ENTRIES[:3]


class World:
    """Window with a button that opens a list."""

    def __init__(self, theme: Theme, texts: Texts, qtbot: QtBot) -> None:
        self.window, self.qtbot = QWidget(), qtbot
        self.anchor, self.other = QPushButton("open", self.window), QPushButton("other", self.window)
        self.anchor.move(40, 20)
        self.other.move(640, 20)
        self.picker = Picker(theme, texts, self.anchor)
        self.picked = list[str]()
        self.picker.picked.connect(self.picked.append)
        qtbot.addWidget(self.window)
        self.window.resize(800, 600)
        self.window.show()
        self.anchor.setFocus()

    def open(self, entries: tuple[PickerEntry, ...] = ENTRIES, chosen: tuple[str, ...] = ("v20",)) -> None:
        self.picker.open(entries, chosen, "Things")
        self.qtbot.waitUntil(self.field.hasFocus)

    @property
    def field(self) -> QWidget:
        return self.picker.search if self.picker.search.isVisible() else self.picker.list

    def press(self, key: Qt.Key) -> None:
        focused = QApplication.focusWidget()
        assert isinstance(focused, QWidget)
        QTest.keyClick(focused, key)

    @property
    def shown(self) -> list[str]:
        names = self.picker.list
        return [names.item(row).text() for row in range(names.count())]


@pytest.fixture
def world(theme: Theme, texts: Texts, qtbot: QtBot) -> Iterator[World]:
    made = World(theme, texts, qtbot)
    yield made
    made.picker.close_list()


def test_list_shows_chosen_entry_and_at_most_eight_rows(world: World) -> None:
    world.open()
    picker = world.picker
    assert picker.list.currentItem().text() == "Name 20 · beside"
    assert picker.list.visualItemRect(picker.list.currentItem()).intersects(picker.list.viewport().rect())
    assert picker.list.viewport().height() <= MOST_ROWS * picker.list.sizeHintForRow(0) + 1
    assert world.window.rect().contains(picker.geometry()) and picker.y() > world.anchor.y()
    assert picker.grab().width() > 0


def test_typed_text_finds_and_return_picks(world: World) -> None:
    world.open()
    QTest.keyClicks(world.picker.search, "name 07")
    assert world.shown == ["Name 07 · beside"]
    world.press(Qt.Key.Key_Return)
    assert world.picked == ["v7"]
    QTest.keyClicks(world.picker.search, "zzz")
    assert world.picker.none.isVisible() and not world.picker.list.isVisible(), "it replaced the last query"


def test_keys_move_between_field_and_list(world: World) -> None:
    world.open(chosen=("v0",))
    world.press(Qt.Key.Key_Down)
    assert world.picker.list.hasFocus()
    world.press(Qt.Key.Key_Down)
    world.press(Qt.Key.Key_Space)
    assert world.picked == ["v1"]
    world.press(Qt.Key.Key_Up)
    world.press(Qt.Key.Key_Up)
    assert world.picker.search.hasFocus()
    world.press(Qt.Key.Key_Down)
    QTest.keyClicks(world.picker.list, "2")
    assert world.picker.search.hasFocus() and world.picker.search.text() == "2"


def test_escape_closes_and_returns_the_focus(world: World) -> None:
    world.open()
    world.press(Qt.Key.Key_Escape)
    assert not world.picker.isVisible() and world.anchor.hasFocus() and world.picked == []


def test_click_on_row_picks_it(world: World) -> None:
    world.open(FEW, ())
    names = world.picker.list
    place = names.visualItemRect(names.item(2)).center()
    QTest.mouseClick(names.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert world.picked == ["v2"] and not world.picker.search.isVisible()


def test_click_elsewhere_closes_and_still_counts(world: World) -> None:
    clicked = list[str]()
    world.other.clicked.connect(lambda: clicked.append("other"))
    world.open()
    QTest.mouseClick(world.other, Qt.MouseButton.LeftButton)
    assert not world.picker.isVisible() and clicked == ["other"]
    world.open()
    world.other.setFocus()
    assert not world.picker.isVisible()
    world.open()
    world.window.resize(790, 600)
    world.qtbot.waitUntil(lambda: not world.picker.isVisible())


def test_list_opens_above_where_there_is_no_room_below(world: World) -> None:
    world.anchor.move(700, 560)
    world.open()
    assert world.picker.geometry().bottom() < world.anchor.y()
    assert world.window.rect().contains(world.picker.geometry())


def test_marks_follow_the_settings(world: World) -> None:
    world.open(FEW, ("v1",))
    names = world.picker.list
    result = QAccessible.queryAccessibleInterface(names).child(1)
    assert result.state().checkable and result.state().checked
    world.picker.show_chosen(("v2",))
    assert [names.item(row).checkState() is Qt.CheckState.Checked for row in range(3)] == [False, False, True]
    before = world.picker.grab(names.geometry()).toImage()
    QTest.mouseMove(names.viewport(), QPoint(10, 10))
    world.picker.show_chosen(())
    assert world.picker.grab(names.geometry()).toImage() != before


@in_each_language
def test_list_and_field_have_names_for_screen_readers(world: World, texts: Texts) -> None:
    world.open()
    assert world.picker.search.accessibleName() == texts("settings.picker.search", name="Things")
    assert world.picker.list.accessibleName() == "Things"
