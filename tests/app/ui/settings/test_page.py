"""Settings page: every setting can be found and changed in each language; added panels; refused values."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.dictation.hotkey_test import KeySeen, KeysSeen
from app.dictation.view import View
from app.history.view import HistoryModels, ModelsWanted
from app.messages.kinds import Action, Devices, Problem
from app.models.view import LocalModelView, ModelFacts, ModelState, ModelsView
from app.settings.file import parse_settings
from app.settings.sections import (
    AudioSection,
    ChangeSetting,
    GatewaySection,
    GeneralSection,
    HotkeysSection,
    Settings,
)
from app.ui.settings.controls import MicrophoneControl, TextControl
from app.ui.settings.page import SettingsPage
from app.ui.settings.pick_controls import PickOneControl, PickSeveralControl
from app.ui.settings.section import SettingRow
from app.ui.settings.wording import SECTIONS, section_of, settings_of
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import displayed, enlarge
from tests.helpers.legibility import cut
from tests.helpers.previous_home import previous_home

BAD = Note("setting-bad", {"place": "gateway.url"})
BROKEN = Note("settings-no-toml", {"line": "12"})


@pytest.fixture
def page(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> Iterator[SettingsPage]:
    made = displayed(qtbot, SettingsPage(theme, texts, asked.append), 900, 700)
    made.show_settings(Settings())
    yield made
    made.hide()


def shown(page: SettingsPage) -> list[str]:
    """Return the names of the visible settings."""
    return [name for name, row in page.rows.items() if row.isVisible()]


def field(page: SettingsPage, name: str) -> TextControl:
    control = page.rows[name].control
    assert isinstance(control, TextControl)
    return control


@in_each_language
def test_every_setting_is_in_its_section_with_accessible_name(page: SettingsPage) -> None:
    seen: list[str] = []
    for name, tab in page.tabs.tabs.items():
        tab.click()
        assert tuple(shown(page)) == settings_of(name)
        seen += shown(page)
    assert sorted(seen) == sorted(page.rows)
    for row in page.rows.values():
        target = row.control.target
        assert target.accessibleName() and target.focusPolicy() & Qt.FocusPolicy.TabFocus, row.setting.name


def test_keyboard_reaches_search_sections_and_settings(page: SettingsPage, qtbot: QtBot) -> None:
    page.start_search()
    qtbot.waitUntil(page.search.hasFocus)
    reached: list[QWidget] = []
    for _ in range(20):
        widget = QApplication.focusWidget()
        assert isinstance(widget, QWidget)
        if widget in reached:
            break
        reached.append(widget)
        QTest.keyClick(widget, Qt.Key.Key_Tab)
    targets = [page.rows[name].control.target for name in shown(page)]
    rows = [target.focusProxy() or target for target in targets]
    assert reached[: len(rows) + 2] == [page.search, page.tabs.tabs["general"], *rows]


def test_change_is_requested_and_shown_after_answer(page: SettingsPage, asked: list[Action]) -> None:
    page.choose("advanced")
    control = field(page, "gateway.url")
    QTest.keyClicks(control.field, "https://gpu:8765")
    QTest.keyClick(control.field, Qt.Key.Key_Return)
    assert asked == [ChangeSetting("gateway.url", "https://gpu:8765")]
    page.show_settings(replace(Settings(), gateway=GatewaySection("https://gpu:8765")))
    assert page.rows["gateway.url"].changed and page.sections["advanced"].reset.isVisible()


def test_typed_value_is_requested_when_page_is_hidden(page: SettingsPage, asked: list[Action]) -> None:
    page.choose("advanced")
    QTest.keyClicks(field(page, "gateway.url").field, "https://gpu:8765")
    page.hide()
    assert asked == [ChangeSetting("gateway.url", "https://gpu:8765")]


def test_settings_search_finds_in_either_language(page: SettingsPage) -> None:
    for query, name in {
        "Bluetooth": "general.keep_microphone_open",
        "蓝牙": "general.keep_microphone_open",
        "hotkeys.mode": "hotkeys.mode",
        "Hands-free": "hotkeys.mode",
        "免提": "hotkeys.mode",
        "traditional": "recognition.script",
        "繁体": "recognition.script",
        "disk": "history.megabytes",
    }.items():
        page.search.setText(query)
        assert shown(page) == [name], query
        assert page.sections[section_of(name)].heading.isVisible()
        assert not any(tab.isChecked() for tab in page.tabs.tabs.values())


def test_settings_search_is_cleared_by_escape_and_section(page: SettingsPage, texts: Texts) -> None:
    before = shown(page)
    page.search.setText("xyz")
    assert shown(page) == [] and page.count.text() == texts("settings.nothing-found")
    QTest.keyClick(page.search, Qt.Key.Key_Escape)
    assert shown(page) == before and not page.count.isVisible() and not page.count.text()
    page.search.setText("bluetooth")
    assert page.count.text() == texts("settings.found", count=1)
    page.tabs.tabs["models"].click()
    assert shown(page) == ["recognition.model", "worker.on"] and page.search.text() == ""


def test_added_panel_is_shown_in_its_section_and_found(page: SettingsPage, texts: Texts) -> None:
    button = QPushButton("x")
    page.add("models", button, lambda: ["Whisper"])
    page.tabs.tabs["models"].click()
    assert button.isVisible() and page.tabs.tabs["models"].isChecked()
    assert page.sections["models"].heading.text() == texts("settings.section.models")
    page.choose("general")
    assert not button.isVisible()
    page.search.setText("whisper")
    assert button.isVisible() and shown(page) == []


def test_settings_page_changes_language_while_open(theme: Theme, qtbot: QtBot) -> None:
    texts = Texts("en")
    page = displayed(qtbot, SettingsPage(theme, texts, lambda action: None))
    page.show_settings(Settings())
    texts.choose("zh")
    assert page.name.text() == "设置" and page.tabs.tabs["general"].text() == "通用"
    assert page.rows["general.language"].control.target.accessibleName() == "界面语言"
    assert page.rows["general.sounds"].name.text() == "提示音" and page.search.placeholderText() == "搜索设置"
    page.choose("input")
    assert page.press_test.heading.text() == "按键测试" and page.press_test.isVisible()


def test_refused_value_is_reported_at_its_row(page: SettingsPage, texts: Texts) -> None:
    page.choose("advanced")
    control = field(page, "gateway.url")
    QTest.keyClicks(control.field, "gpu")
    QTest.keyClick(control.field, Qt.Key.Key_Return)
    page.show_problem(Problem("settings", note=BAD, setting="gateway.url"))
    row = page.rows["gateway.url"]
    assert row.refusal.isVisible() and texts("settings.allowed.url") in row.refusal.text()
    assert control.field.text() == "gpu" and not page.trouble.isVisible()
    page.show_problem(Problem("settings"))  # another setting was changed
    assert control.field.text() == "gpu" and row.refusal.isVisible()
    QTest.keyClicks(control.field, "s")
    QTest.keyClick(control.field, Qt.Key.Key_Return)
    page.show_settings(replace(Settings(), gateway=GatewaySection("gpus")))
    page.show_problem(Problem("settings"))
    assert not row.refusal.isVisible()


def test_refused_switch_returns_to_value_in_effect(page: SettingsPage) -> None:
    switch = page.rows["general.sounds"].control.target
    assert isinstance(switch, QWidget)
    QTest.keyClick(switch, Qt.Key.Key_Space)
    assert switch.property("checked") is False
    page.show_problem(Problem("settings", note=Note("settings-not-kept"), setting="general.sounds"))
    assert switch.property("checked") is True
    assert page.rows["general.sounds"].refusal.isVisible() and page.trouble.isVisible()


def test_broken_settings_file_is_reported_until_fixed(page: SettingsPage) -> None:
    page.show_problem(Problem("settings", note=BROKEN))
    assert page.trouble.isVisible() and "12" in page.trouble.description.text()
    page.show_problem(Problem("settings", note=BAD, setting="gateway.url"))
    page.show_problem(Problem("settings", note=Note("settings-unreadable"), setting="gateway.url"))
    assert page.trouble.isVisible() and "12" in page.trouble.description.text(), (
        "a refused change does not mend the file"
    )
    written = Note("setting-bad", {"place": "gateway.url (settings.toml:3)"})
    page.show_problem(Problem("settings", note=written, setting="gateway.url"))
    assert not page.trouble.isVisible() and page.rows["gateway.url"].refusal.text()
    page.show_problem(Problem("settings", note=BROKEN))
    page.show_problem(Problem("insertion", note=BROKEN))
    page.show_problem(Problem("settings"))
    assert not page.trouble.isVisible()


def test_bad_value_without_row_is_reported_at_top(page: SettingsPage) -> None:
    page.show_problem(Problem("settings", note=Note("setting-bad", {"place": "general"}), setting="general"))
    assert page.trouble.isVisible()


def test_refusal_for_added_panel_is_not_reported_at_top(page: SettingsPage) -> None:
    asked = Note("setting-bad", {"place": "recognition.hotwords"})
    page.show_problem(Problem("settings", note=asked, setting="recognition.hotwords"))
    assert not page.trouble.isVisible()
    written = Note("setting-bad", {"place": "recognition.hotwords (settings.toml:3)"})
    page.show_problem(Problem("settings", note=written, setting="recognition.hotwords"))
    assert page.trouble.isVisible()


def test_microphones_and_their_level_are_shown(page: SettingsPage) -> None:
    page.choose("input")
    page.show_devices(Devices((("USB", "USB"), ("Built-in", "Built-in")), "USB"))
    page.show_settings(replace(Settings(), audio=AudioSection("Pebble")))
    control = page.rows["audio.microphone"].control
    assert isinstance(control, MicrophoneControl)
    assert [control.choice.itemData(row) for row in range(4)] == ["", "USB", "Built-in", "Pebble"]
    assert control.choice.currentData() == "Pebble"
    page.show_view(View(level_dbfs=-18.0))
    assert control.meter.level_dbfs == -18.0


def test_models_of_computers_are_offered_once(page: SettingsPage, asked: list[Action]) -> None:
    page.choose("models")
    assert asked == [ModelsWanted()]
    installed = LocalModelView(ModelFacts("whisper-base"), ModelState.INSTALLED)
    page.show_installed(ModelsView((installed, LocalModelView(ModelFacts("sensevoice")))))
    page.show_loaded(HistoryModels(("whisper-base", "paraformer")))
    control = page.rows["recognition.model"].control
    assert isinstance(control, PickOneControl)
    control.field.click()
    names = control.picker.list
    assert [names.item(row).data(Qt.ItemDataRole.UserRole) for row in range(names.count())] == [
        *("", "whisper-base", "paraformer")
    ]


def test_hotkey_rows_show_warnings_and_key_test(page: SettingsPage, texts: Texts) -> None:
    page.choose("input")
    page.show_settings(replace(Settings(), hotkeys=HotkeysSection(dictate="f9", cancel="f11")))
    page.show_keys(KeysSeen(problem=Note("hotkey-taken", {"binding": "f9"})))
    assert page.rows["hotkeys.dictate"].warning.text() == texts("note.hotkey-taken", binding="F9")
    assert texts("settings.key-use.full-screen") in page.rows["hotkeys.cancel"].warning.text()
    page.press_test.button.click()
    page.show_keys(KeysSeen(False, (KeySeen("dictate", 0.2),)))
    assert not page.rows["hotkeys.dictate"].warning.isVisible()
    assert "F9" in page.press_test.names["dictate"].text() and "200" in page.press_test.observed["dictate"].text()
    page.show_problem(Problem("hotkeys", note=Note("hotkeys-no-display")))
    assert page.press_test.result.text() == texts("note.hotkeys-no-display")


def test_values_set_before_first_show_appear_on_show(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    page = SettingsPage(theme, texts, lambda action: None)
    qtbot.addWidget(page)
    page.show_settings(replace(Settings(), general=GeneralSection(sounds=False)))
    page.show_devices(Devices((("USB", "USB"),), "USB"))
    page.show_view(View())
    page.show_keys(KeysSeen(problem=Note("hotkey-taken", {"binding": "esc"})))
    page.show_problem(Problem("settings", note=BROKEN))
    assert page.findChildren(SettingRow) == []
    page.show()
    assert page.rows["general.sounds"].changed and page.trouble.isVisible()
    assert page.rows["hotkeys.cancel"].control.warning


@in_each_language
def test_settings_page_cuts_no_text_at_double_font_size(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    enlarge(2)
    page = displayed(qtbot, SettingsPage(theme, texts, lambda action: None), 900, 700)
    page.show_settings(
        replace(Settings(), hotkeys=HotkeysSection(dictate="ctrl+space", mode=HotkeysSection().mode))
    )
    for name in page.tabs.tabs:
        page.choose(name)
        page.resize(page.minimumSizeHint().width(), 700)
        qtbot.waitUntil(lambda: cut(page) == [])
        assert shown(page)


def test_text_size_applies_to_open_settings_as_to_new_ones(texts: Texts, qapp: QApplication, qtbot: QtBot) -> None:
    before, theme = QFont(qapp.font()), Theme()
    theme.dress(qapp)
    page = displayed(qtbot, SettingsPage(theme, texts, lambda action: None), 824, 560)
    page.show_settings(Settings())
    normal = heights(page, qtbot)
    theme.choose_text_size("largest")
    enlarged = displayed(qtbot, SettingsPage(theme, texts, lambda action: None), 824, 560)
    enlarged.show_settings(Settings())
    wanted = heights(enlarged, qtbot)
    qtbot.waitUntil(lambda: heights(page, qtbot) == wanted)
    theme.choose_text_size("normal")
    qtbot.waitUntil(lambda: heights(page, qtbot) == normal)
    theme.deleteLater()
    qapp.setFont(before)


def heights(page: SettingsPage, qtbot: QtBot) -> dict[str, int]:
    """Return the height of each section, in pixels."""
    found = {}
    for name in SECTIONS:
        page.choose(name)
        qtbot.waitUntil(lambda: cut(page) == [])
        for _ in range(3):  # a new layout may start another
            QApplication.processEvents()
            page.grab()
        found[name] = page.sections[name].height()
    return found


def test_settings_of_the_previous_version_are_shown_by_name(
    page: SettingsPage, tmp_path: Path, texts: Texts
) -> None:
    written = (previous_home(tmp_path) / "config" / "settings.toml").read_text("utf-8")
    loaded = parse_settings(
        written.replace("[recognition]", '[recognition]\nlanguages = ["zh", "tlh"]\nlanguage = "de"')
    )
    page.show_settings(loaded.settings)
    assert loaded.problems == () and not page.trouble.isVisible()
    several, one = (page.rows[f"recognition.{name}"].control for name in ("languages", "language"))
    assert isinstance(several, PickSeveralControl) and isinstance(one, PickOneControl)
    assert [chip.text() for chip in several.chips] == [texts("spoken.zh"), "tlh"]
    assert one.field.text() == texts("spoken.de")
    changed = {name for name, row in page.rows.items() if row.changed}
    assert changed >= {"general.language", "hotkeys.mode", "history.days", "worker.on", "recognition.language"}


def test_first_paint_creates_one_section_and_idle_time_the_rest(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    page = SettingsPage(theme, texts, lambda action: None)
    qtbot.addWidget(page)
    page.show_settings(replace(Settings(), gateway=GatewaySection("https://gpu:8765")))
    assert page.findChildren(SettingRow) == [], "no row exists before the page is shown"
    page.resize(900, 700)
    page.show()
    page.grab()
    assert {section_of(row.setting.name) for row in page.findChildren(SettingRow)} == {"general"}
    qtbot.waitUntil(lambda: not page._idle.isActive())
    assert len(page.findChildren(SettingRow)) == len(page.rows) > 25
    assert page.rows["gateway.url"].changed, "rows that come late show what is in force"
    page.hide()
