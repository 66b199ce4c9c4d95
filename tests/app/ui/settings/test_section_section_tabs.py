"""Keyboard navigation in the list of settings sections."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.ui.settings.section import SectionTabs
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme


def test_arrow_keys_choose_settings_sections(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    chosen: list[str] = []
    tabs = SectionTabs(theme, texts, ("general", "input", "language"), chosen.append)
    qtbot.addWidget(tabs)
    assert [tab.text() for tab in tabs.tabs.values()] == [texts(f"settings.section.{name}") for name in tabs.tabs]
    tabs.choose("general")
    tabs.show()
    tabs.tabs["general"].setFocus()
    qtbot.waitUntil(tabs.tabs["general"].hasFocus)
    before = tabs.grab().toImage()
    QTest.keyClick(tabs.tabs["general"], Qt.Key.Key_Right)
    assert chosen == ["input"] and tabs.tabs["input"].hasFocus()
    assert tabs.grab().toImage() != before
    tabs.choose("")
    assert not any(tab.isChecked() for tab in tabs.tabs.values())


def test_section_tabs_wrap_where_one_row_is_too_wide(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    tabs = SectionTabs(theme, texts, ("general", "input", "language"), lambda name: None)
    qtbot.addWidget(tabs)
    for name, tab in tabs.tabs.items():
        tab.setText(name * 8)
    tabs.resize(2_000, 100)
    tabs.show()
    tabs.arrange()
    assert len({tab.y() for tab in tabs.tabs.values()}) == 1
    tabs.resize(tabs.minimumSizeHint().width(), 200)
    assert len({tab.y() for tab in tabs.tabs.values()}) == 3
