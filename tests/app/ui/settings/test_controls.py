"""Controls of settings: they show the value in effect, request changes, and keep typed text."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.local_services.worker_limits import tidy_hours
from app.settings.schema import all_settings
from app.ui.settings.controls import (
    ChoiceControl,
    NumberControl,
    SegmentedControl,
    SettingControl,
    SwitchControl,
    TextControl,
    is_key,
)
from app.ui.theme.theme import Theme


class Page:
    """Control next to a button that can take the focus."""

    def __init__(self, control: SettingControl, asked: list[object], qtbot: QtBot) -> None:
        self.asked, self.control, self.qtbot = asked, control, qtbot
        self.around, self.elsewhere = QWidget(), QPushButton()
        layout = QVBoxLayout(self.around)
        layout.addWidget(control)
        layout.addWidget(self.elsewhere)
        qtbot.addWidget(self.around)
        self.around.show()
        control.refresh()
        self.focus()

    def focus(self) -> None:
        target = self.control.target
        target.setFocus()
        self.qtbot.waitUntil((target.focusProxy() or target).hasFocus)

    def leave(self) -> None:
        self.elsewhere.setFocus()
        self.qtbot.waitUntil(self.elsewhere.hasFocus)


def test_switch_requests_change_and_waits_for_answer(theme: Theme, qtbot: QtBot) -> None:
    asked: list[object] = []
    control = SwitchControl(theme, asked.append)
    page = Page(control, asked, qtbot)
    control.show_value(True)
    QTest.keyClick(control.switch, Qt.Key.Key_Space)
    assert page.asked == [False]
    control.show_value(True)
    assert control.switch.isChecked(), "it was refused"


def test_choice_requests_change_and_waits_for_answer(theme: Theme, qtbot: QtBot) -> None:
    asked: list[object] = []
    control = ChoiceControl(theme, lambda: [("a", "First"), ("b", "Second")], asked.append)
    page = Page(control, asked, qtbot)
    control.show_value("a")
    QTest.keyClick(control.choice, Qt.Key.Key_Down)
    assert asked == ["b"]
    control.show_value("a")
    assert control.choice.currentText() == "First" and page.asked == ["b"]


def test_visible_options_request_change_and_wait_for_answer(theme: Theme, qtbot: QtBot) -> None:
    asked: list[object] = []
    control = SegmentedControl(theme, lambda: [("a", "First"), ("b", "Second")], asked.append)
    page = Page(control, asked, qtbot)
    control.show_value("a")
    control.choice.buttons[1].click()
    assert page.asked == ["b"]
    control.show_value("a")
    assert control.choice.buttons[0].isChecked(), "it was refused"
    assert control.across > control.minimumSizeHint().width()


def test_text_is_requested_once_on_return(qtbot: QtBot) -> None:
    asked: list[object] = []
    control = TextControl(asked.append, lambda: "nothing")
    page = Page(control, asked, qtbot)
    assert control.field.placeholderText() == "nothing"
    QTest.keyClicks(control.field, "one ")
    assert asked == []
    QTest.keyClick(control.field, Qt.Key.Key_Return)
    page.leave()
    assert asked == ["one"]
    control.show_value("one")
    assert control.field.text() == "one"
    control.show_value("two")
    assert control.field.text() == "two", "another program changed it"


def test_hours_are_requested_and_shown_as_in_the_settings(qtbot: QtBot) -> None:
    asked: list[object] = []
    control = TextControl(asked.append, meant=tidy_hours)
    page = Page(control, asked, qtbot)
    QTest.keyClicks(control.field, "8 - 17")
    QTest.keyClick(control.field, Qt.Key.Key_Return)
    page.leave()
    assert asked == ["08:00-17:00"]
    control.show_value("08:00-17:00")
    assert control.field.text() == "08:00-17:00"


def test_typed_text_survives_new_values_and_refusal(qtbot: QtBot) -> None:
    asked: list[object] = []
    control = TextControl(asked.append)
    page = Page(control, asked, qtbot)
    control.show_value("old")
    control.field.clear()
    QTest.keyClicks(control.field, "ne")
    control.show_value("old")
    control.show_value("other")
    assert control.field.text() == "ne"
    QTest.keyClick(control.field, Qt.Key.Key_Return)
    control.show_value("other")
    control.submit()
    assert (asked, control.field.text()) == (["ne"], "ne"), "refused"
    QTest.keyClicks(control.field, "w")
    page.leave()
    assert asked == ["ne", "new"]


def test_escape_restores_value_in_effect(qtbot: QtBot) -> None:
    asked: list[object] = []
    control = TextControl(asked.append)
    page = Page(control, asked, qtbot)
    control.show_value("old")
    QTest.keyClicks(control.field, "er")
    with qtbot.waitSignal(control.discarded):
        QTest.keyClick(control.field, Qt.Key.Key_Escape)
    assert control.field.text() == "old"
    with qtbot.assertNotEmitted(control.discarded):
        QTest.keyClick(control.field, Qt.Key.Key_Escape)
    page.leave()
    assert asked == []


def test_digits_are_requested_as_number(qtbot: QtBot) -> None:
    asked: list[object] = []
    control = NumberControl(asked.append, lambda: "days")
    page = Page(control, asked, qtbot)
    control.show_value(30)
    assert (control.field.text(), control.unit.text()) == ("30", "days")
    for typed in ("030", "007", "many"):
        control.field.clear()
        QTest.keyClicks(control.field, typed)
        QTest.keyClick(control.field, Qt.Key.Key_Return)
    assert page.asked == [7, "many"]


def test_settings_of_keys_are_recognised() -> None:
    keys = [name for name, setting in all_settings().items() if is_key(setting)]
    assert keys == ["hotkeys.dictate", "hotkeys.cancel", "hotkeys.paste_held"]


def test_number_controls_are_as_wide_whatever_their_unit(theme: Theme, qapp: QApplication, qtbot: QtBot) -> None:
    usual = QFont(qapp.font())
    usual.setPointSizeF(10)
    qapp.setFont(usual)
    theme.dress(qapp)
    units = (lambda: "MB", lambda: "newest", lambda: "")
    controls = [NumberControl(lambda value: None, unit) for unit in units]
    for control in controls:
        qtbot.addWidget(control)
        control.refresh()
        control.resize(900, 100)
        control.show()
        qtbot.waitUntil(control.isVisible)
    assert len({control.sizeHint().width() for control in controls}) == 1
    assert len({control.field.width() for control in controls}) == 1, "a port was as wide as the row"
