"""Controls that choose from a searchable list: values in effect, requests, and names for screen readers."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.ui.settings.controls import SettingControl
from app.ui.settings.pick_controls import PickOneControl, PickSeveralControl
from app.ui.settings.picker import Picker
from app.ui.settings.picker_entries import PickerEntry
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme

ENTRIES = (PickerEntry("auto", "Automatic"), PickerEntry("en", "English"), PickerEntry("de", "German", "Deutsch"))


def window(control: SettingControl, qtbot: QtBot) -> QWidget:
    around = QWidget()
    column = QVBoxLayout(around)
    column.addWidget(control)
    column.addStretch(1)
    qtbot.addWidget(around)
    around.resize(700, 500)
    around.show()
    return around


def opened(press: Callable[[], None], control: PickOneControl | PickSeveralControl) -> Picker:
    press()
    assert control.picker.isVisible()
    return control.picker


def test_picked_value_is_shown_by_name_and_requested(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    asked: list[object] = []
    control = PickOneControl(theme, texts, lambda: ENTRIES, asked.append)
    around = window(control, qtbot)
    control.show_value("de")
    control.describe("Spoken language", "Says.")
    assert control.field.text() == "German" and not control.picker.isVisible()
    assert control.target.accessibleName() == "Spoken language: German"
    picker = opened(control.field.click, control)
    picker.list.setCurrentRow(1)
    QTest.keyClick(picker.list, Qt.Key.Key_Return)
    assert asked == ["en"] and not picker.isVisible() and control.field.text() == "German"
    control.show_value("en")
    assert control.target.accessibleName() == "Spoken language: English"
    opened(control.field.click, control)
    control.field.click()
    assert not picker.isVisible()
    assert around.grab().width() > 0


def test_unknown_value_is_shown_as_it_is(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    control = PickOneControl(theme, texts, lambda: ENTRIES, lambda value: None)
    around = window(control, qtbot)
    control.show_value("tlh")
    assert control.field.text() == "tlh"
    picker = opened(control.field.click, control)
    assert picker.list.currentItem().text() == "tlh" and around.isVisible()


def test_chosen_values_are_chips_that_remove_themselves(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    asked: list[object] = []
    control = PickSeveralControl(theme, texts, lambda: ENTRIES, asked.append, lambda: "Any language")
    around = window(control, qtbot)
    control.refresh()
    assert control.none.isVisible() and control.none.text() == "Any language"
    control.show_value(("de", "tlh"))
    control.describe("Languages", "Says.")
    assert [chip.text() for chip in control.chips] == ["German", "tlh"] and not control.none.isVisible()
    assert control.chips[0].accessibleName() == texts("settings.picker.remove", name="German")
    assert control.add.accessibleDescription() == "German, tlh. Says."
    qtbot.waitUntil(control.chips[0].isVisible)
    control.chips[0].setFocus()
    qtbot.waitUntil(control.chips[0].hasFocus)
    control.chips[0].click()
    assert asked == ["tlh"] and len(control.chips) == 2, "it waits for the answer"
    control.show_value(("tlh",))
    qtbot.waitUntil(control.chips[0].hasFocus)
    control.chips[0].click()
    control.show_value(())
    qtbot.waitUntil(control.add.hasFocus)
    assert asked[-1] == "" and around.grab().width() > 0


def test_list_of_several_values_stays_open(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    asked: list[object] = []
    control = PickSeveralControl(theme, texts, lambda: ENTRIES, asked.append, lambda: "Any language")
    around = window(control, qtbot)
    control.show_value(("de",))
    picker = opened(control.add.click, control)
    picker.list.setCurrentRow(1)
    QTest.keyClick(picker.list, Qt.Key.Key_Space)
    assert asked == ["de\nen"] and picker.isVisible()
    picker.list.setCurrentRow(0)
    QTest.keyClick(picker.list, Qt.Key.Key_Space)
    assert asked.pop() == "de\nen\nauto", "the first choice is not answered yet"
    control.show_value(("de", "en"))
    assert picker.list.item(1).checkState() is Qt.CheckState.Checked
    picker.list.setCurrentRow(1)
    QTest.keyClick(picker.list, Qt.Key.Key_Space)
    assert asked.pop() == "de\nauto" and around.isVisible(), "the second choice is not answered yet"
    control.note_refusal()
    QTest.keyClick(picker.list, Qt.Key.Key_Space)
    assert asked[-1] == "de", "the refused choice is forgotten"
