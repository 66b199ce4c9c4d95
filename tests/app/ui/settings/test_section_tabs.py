"""Keyboard navigation in the list of settings sections."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.ui.settings.section_tabs import SectionTabs
from app.ui.theme.theme import Theme


def test_arrow_keys_choose_settings_sections(theme: Theme, qtbot: QtBot) -> None:
    chosen: list[str] = []
    tabs = SectionTabs(theme, chosen.append)
    qtbot.addWidget(tabs)
    for place, name in enumerate(("one", "two", "three")):
        tabs.add(name, place)
        tabs.tabs[name].setText(name)
    tabs.choose("one")
    tabs.show()
    tabs.tabs["one"].setFocus()
    qtbot.waitUntil(tabs.tabs["one"].hasFocus)
    before = tabs.grab().toImage()
    QTest.keyClick(tabs.tabs["one"], Qt.Key.Key_Down)
    assert chosen == ["two"] and tabs.tabs["two"].hasFocus()
    assert tabs.grab().toImage() != before
    tabs.choose("")
    assert not any(tab.isChecked() for tab in tabs.tabs.values())
