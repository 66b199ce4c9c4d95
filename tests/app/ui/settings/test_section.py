"""Section of the settings: search results, added panels, and the reset of all settings."""

from dataclasses import replace
from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.messages.kinds import Action
from app.settings.sections import ChangeSetting, GeneralSection, Settings
from app.ui.settings.row_table import ControlValues, SettingRows
from app.ui.settings.section import Section
from app.ui.settings.wording import search_terms
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from app.ui.widgets.panels import focus_chain, lay_out_now

CHANGED = replace(Settings(), general=GeneralSection(sounds=False, announce=True))


class World:
    def __init__(self, theme: Theme, texts: Texts, qtbot: QtBot) -> None:
        self.asked: list[Action] = []
        self.around, self.elsewhere = QWidget(), QLineEdit()
        rows = SettingRows(theme, texts, self.asked.append, ControlValues())
        self.section = Section("general", texts)
        self.section.fill(rows.of("general"))
        column = QVBoxLayout(self.around)
        column.addWidget(self.section)
        column.addWidget(self.elsewhere)
        qtbot.addWidget(self.around)
        self.section.show_settings(CHANGED)
        self.section.search(())
        self.around.show()


@pytest.fixture
def world(theme: Theme, texts: Texts, qtbot: QtBot) -> World:
    return World(theme, texts, qtbot)


def test_section_is_reset_on_second_click(world: World, texts: Texts) -> None:
    reset = world.section.reset
    assert reset.isVisible() and reset.text() == texts("settings.reset-section")
    QTest.keyClick(reset, Qt.Key.Key_Space)
    assert world.asked == [] and reset.text() == texts("settings.reset-sure", count=2)
    QTest.keyClick(reset, Qt.Key.Key_Space)
    assert set(world.asked) == {ChangeSetting(f"general.{name}", None) for name in ("sounds", "announce")}
    world.section.show_settings(Settings())
    assert not reset.isVisible()


def test_reset_is_cancelled_when_focus_leaves(world: World, texts: Texts, qtbot: QtBot) -> None:
    world.section.reset.click()
    qtbot.waitUntil(world.section.reset.hasFocus)
    world.elsewhere.setFocus()
    qtbot.waitUntil(lambda: world.section.reset.text() == texts("settings.reset-section"))
    QTest.mouseDClick(world.section.reset, Qt.MouseButton.LeftButton)
    assert world.asked == []


def test_section_shows_only_search_matches(world: World) -> None:
    panel = QWidget()
    world.section.add(panel, lambda: ["Greenstone"])
    assert world.section.search(search_terms("login")) == 1
    shown = [row.setting.name for row in world.section.rows if row.isVisible()]
    assert shown == ["general.autostart"] and not panel.isVisible()
    assert [row.setting.name for row in world.section.rows if row.first] == shown
    assert not world.section.reset.isVisible()
    assert world.section.search(search_terms("greenstone")) == 1
    assert panel.isVisible() and not any(group.isVisible() for group in world.section.groups)
    panel.hide()
    assert world.section.search(search_terms("greenstone")) == 0, "it would show nothing"
    assert world.section.search(search_terms("xyz")) == 0
    assert world.section.search(()) == len(world.section.rows)
    assert all(row.isVisible() for row in world.section.rows) and world.section.reset.isVisible()


def test_panel_that_hides_itself_stays_hidden_after_search(world: World) -> None:
    panel = QWidget()
    world.section.add(panel, lambda: [])
    panel.hide()
    world.section.search(())
    assert not panel.isVisible()


def test_panel_of_a_group_stands_directly_below_it(world: World) -> None:
    panel = QWidget()
    world.section.add(panel, lambda: ["Greenstone"], "look")
    groups = {group.name: group for group in world.section.groups}
    world.section.search(())
    world.section.adjustSize()
    below = panel.mapTo(world.section, panel.rect().topLeft()).y()
    assert groups["look"].geometry().bottom() < below <= groups["behaviour"].y()


def test_panel_that_hides_itself_takes_no_room(world: World) -> None:
    hidden = QWidget()
    hidden.hide()
    before = world.section.sizeHint()
    world.section.add(hidden, lambda: [])
    world.section.search(())
    assert world.section.sizeHint() == before
    hidden.setMinimumHeight(50)
    hidden.show()
    assert hidden.isVisible() and world.section.sizeHint().height() > before.height() + 50
    hidden.hide()
    lay_out_now()
    assert world.section.sizeHint() == before


def test_tab_key_follows_the_section_from_top_to_bottom(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    """Panels are added before the rows exist."""
    section, below, between = Section("general", texts), QLineEdit(), QLineEdit()
    qtbot.addWidget(section)
    section.add(below, list)
    section.add(between, list, "look")
    rows = SettingRows(theme, texts, lambda action: None, ControlValues())
    section.fill(rows.of("general"))
    groups = {group.name: group for group in section.groups}
    parts = (*groups.values(), below, between)
    visited = [part for stop in focus_chain(section) for part in parts if part is stop or part.isAncestorOf(stop)]
    others = [group for name, group in groups.items() if name != "look"]
    assert list(dict.fromkeys(visited)) == [groups["look"], between, *others, below]
    assert [part for part, again in pairwise(visited) if part is not again] == [groups["look"], between, *others]
