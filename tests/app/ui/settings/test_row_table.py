"""Rows of settings: which settings have one, and with which control."""

from pytestqt.qtbot import QtBot

from app.dictation.actions import PauseHotkeys
from app.messages.kinds import Action
from app.settings.schema import all_settings
from app.settings.sections import ChangeSetting
from app.ui.settings.choices import Choices
from app.ui.settings.controls import (
    ChoiceControl,
    MicrophoneControl,
    NumberControl,
    SegmentedControl,
    SwitchControl,
    TextControl,
)
from app.ui.settings.key_field import KeyControl
from app.ui.settings.pick_controls import PickOneControl, PickSeveralControl
from app.ui.settings.row_table import ELSEWHERE, ControlValues, SettingRows
from app.ui.settings.wording import SECTIONS
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme

KINDS = {
    "general.language": SegmentedControl,
    "general.sounds": SwitchControl,
    "audio.microphone": MicrophoneControl,
    "hotkeys.cancel": KeyControl,
    "hotkeys.mode": ChoiceControl,
    "recognition.model": PickOneControl,
    "recognition.languages": PickSeveralControl,
    "history.days": NumberControl,
}


def made(theme: Theme, texts: Texts, qtbot: QtBot, known: ControlValues, asked: list[Action]) -> SettingRows:
    rows = SettingRows(theme, texts, asked.append, known)
    for section in SECTIONS:
        for row in rows.of(section):
            qtbot.addWidget(row)
    return rows


def test_every_setting_has_a_row_or_is_excluded(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    rows = made(theme, texts, qtbot, ControlValues(), [])
    assert sorted(rows.made) == sorted(set(all_settings()) - ELSEWHERE)
    assert set(all_settings()) >= ELSEWHERE
    assert {name: type(rows.made[name].control) for name in KINDS} == KINDS
    assert [row.setting.name for row in rows.of("models")] == ["recognition.model", "worker.on"]


def test_units_and_meanings_of_empty_fields_are_optional(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    rows = made(theme, texts, qtbot, ControlValues(), []).made
    days, port = rows["history.days"].control, rows["gateway.port"].control
    assert isinstance(days, NumberControl) and days.unit.text() == texts("settings.unit.history.days")
    assert isinstance(port, NumberControl) and port.unit.text() == ""
    url, key = rows["gateway.url"].control, rows["updates.key"].control
    assert isinstance(url, TextControl) and url.field.placeholderText() == texts("settings.empty.gateway.url")
    assert isinstance(key, TextControl) and key.field.placeholderText() == ""


def test_controls_request_their_setting(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    asked: list[Action] = []
    rows = made(theme, texts, qtbot, ControlValues(), asked)
    rows.made["general.sounds"].control.set_value(False)
    key = rows.made["hotkeys.dictate"].control
    assert isinstance(key, KeyControl)
    key.field.recording_changed.emit(True)
    assert asked == [ChangeSetting("general.sounds", False), PauseHotkeys(True)]


def test_microphone_control_lists_known_devices(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    known = ControlValues(choices=Choices((("USB", "USB"),), "", "Built-in"))
    control = made(theme, texts, qtbot, known, []).made["audio.microphone"].control
    assert isinstance(control, MicrophoneControl)
    control.refresh()
    assert [control.choice.itemData(row) for row in range(control.choice.count())] == ["", "USB"]
    assert known.bindings()["hotkeys.cancel"] == "esc"
