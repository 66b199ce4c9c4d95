"""Row of one setting: value, refusal, and reset to the default."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QBoxLayout
from pytestqt.qtbot import QtBot

from app.messages.kinds import Action
from app.settings.sections import ChangeSetting, GeneralSection, HistorySection, RecognitionSection, Settings
from app.ui.settings.controls import NumberControl, SwitchControl
from app.ui.settings.pick_controls import PickSeveralControl
from app.ui.settings.row_table import ControlValues, SettingRows
from app.ui.settings.section import SettingRow, mark_style
from app.ui.settings.wording import SECTIONS, search_terms
from app.ui.strings.texts import Texts
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import Theme
from tests.app.ui.languages import in_each_language


class World:
    def __init__(self, theme: Theme, texts: Texts, qtbot: QtBot) -> None:
        self.asked: list[Action] = []
        rows = SettingRows(theme, texts, self.asked.append, ControlValues())
        self._rows = {row.setting.name: row for section in SECTIONS for row in rows.of(section)}
        for row in self._rows.values():
            qtbot.addWidget(row)

    def row(self, name: str, settings: Settings | None = None) -> SettingRow:
        row = self._rows[name]
        row.show_settings(settings or Settings())
        row.resize(900, 100)
        row.show()
        return row


@pytest.fixture
def world(theme: Theme, texts: Texts, qtbot: QtBot) -> World:
    return World(theme, texts, qtbot)


def test_setting_row_is_named_and_shows_value_in_effect(world: World, texts: Texts) -> None:
    row = world.row("general.sounds", replace(Settings(), general=GeneralSection(sounds=False)))
    assert isinstance(row.control, SwitchControl) and not row.control.switch.isChecked()
    assert row.control.target.accessibleName() == texts("settings.title.general.sounds")
    assert row.control.target.accessibleDescription() == texts("settings.says.general.sounds")
    assert row.control.target.objectName() == "setting.general.sounds"


def test_changed_setting_can_be_reset(world: World, texts: Texts) -> None:
    row = world.row("general.sounds")
    assert not row.reset.isVisible() and not row.changed
    row.show_settings(replace(Settings(), general=GeneralSection(sounds=False)))
    assert row.reset.isVisible() and texts("settings.title.general.sounds") in row.reset.accessibleName()
    row.reset.click()
    assert world.asked == [ChangeSetting("general.sounds", None)]


def test_choice_right_after_a_reset_begins_with_the_default(world: World) -> None:
    row = world.row("recognition.languages", with_languages("de", "fr"))
    control = row.control
    assert isinstance(control, PickSeveralControl)
    row.reset.click()
    control.picker.picked.emit("mi")
    assert world.asked[1:] == [ChangeSetting("recognition.languages", "system\nen\nmi")], (
        "the reset is not answered yet"
    )
    row.show_settings(Settings())
    row.show_settings(with_languages("system", "en", "mi"))
    control.picker.picked.emit("de")
    assert world.asked[-1] == ChangeSetting("recognition.languages", "system\nen\nmi\nde")


def with_languages(*codes: str) -> Settings:
    return replace(Settings(), recognition=RecognitionSection(languages=codes))


def test_reset_discards_typed_text(world: World) -> None:
    row = world.row("history.days", replace(Settings(), history=HistorySection(days=7)))
    assert isinstance(row.control, NumberControl)
    row.control.field.setText("x")
    row.control.field.textEdited.emit("x")
    row.reset.click()
    assert row.control.field.text() == "7" and world.asked == [ChangeSetting("history.days", None)]


def test_refusal_is_shown_until_text_is_dropped(world: World) -> None:
    row = world.row("history.days")
    row.refuse(lambda: "too many")
    assert row.refusal.isVisible() and row.refusal.text() == "too many"
    assert "too many" in row.control.target.accessibleDescription()
    row.control.discarded.emit()
    assert not row.refusal.isVisible()


def test_search_terms_are_marked_in_row(world: World, theme: Theme, texts: Texts) -> None:
    row = world.row("history.days")
    query = {"en": "recordings", "zh": "录音"}[texts.language]
    assert row.search(search_terms(query)) and mark_style(theme) in row.name.text()
    assert not row.search(search_terms("nothing like it"))
    assert row.search(()) and "span" not in row.name.text()
    theme.choose(Scheme.HIGH_CONTRAST)
    assert "underline" in mark_style(theme)


@in_each_language
def test_control_moves_below_texts_in_narrow_row(world: World, qtbot: QtBot) -> None:
    row = world.row("hotkeys.mode")
    assert row._sides.direction() is QBoxLayout.Direction.LeftToRight
    row.resize(row.minimumSizeHint().width(), 200)
    qtbot.waitUntil(lambda: row._sides.direction() is QBoxLayout.Direction.TopToBottom)


def test_line_separates_rows(world: World) -> None:
    row = world.row("general.sounds")
    first = row.grab().toImage()
    row.first = False
    assert row.grab().toImage() != first
