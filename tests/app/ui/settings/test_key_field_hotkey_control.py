"""Hotkeys in the settings: refused keys and warnings."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.ui.settings.controls import Wording
from app.ui.settings.key_field import KeyControl
from app.ui.strings.texts import Texts, key_text
from app.ui.theme.theme import Theme

BOUND = {"hotkeys.dictate": "right_ctrl", "hotkeys.cancel": "f8", "hotkeys.paste_held": "ctrl+alt+v"}


class World:
    def __init__(self, theme: Theme, texts: Texts, qtbot: QtBot) -> None:
        self.asked, self.refused = list[object](), list[Wording | None]()
        self.control = KeyControl(theme, texts, "hotkeys.dictate", lambda: BOUND, self.asked.append)
        self.control.refuse = self.refused.append
        qtbot.addWidget(self.control)
        self.control.show_value("right_ctrl")
        self.control.show()
        self.control.field.setFocus()

    @property
    def said(self) -> str:
        last = self.refused[-1]
        return last() if last else ""

    def choose(self, key: Qt.Key) -> None:
        self.control.field.click()
        none = Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(self.control.field, QKeyEvent(QEvent.Type.KeyPress, key, none))


@pytest.fixture
def world(theme: Theme, texts: Texts, qtbot: QtBot) -> World:
    return World(theme, texts, qtbot)


def test_chosen_key_is_requested(world: World) -> None:
    world.choose(Qt.Key.Key_F9)
    assert (world.asked, world.refused) == (["f9"], [])


def test_key_of_another_action_is_refused_with_its_name(world: World, texts: Texts) -> None:
    world.choose(Qt.Key.Key_F8)
    assert world.asked == [] and world.control.field.binding == "right_ctrl"
    said = world.said
    assert "F8" in said and texts("settings.title.hotkeys.cancel") in said


def test_key_that_types_a_letter_is_refused(world: World, texts: Texts) -> None:
    world.choose(Qt.Key.Key_D)
    assert world.asked == [] and world.said == texts("hotkey.unusable")


def test_hotkey_can_be_removed(world: World) -> None:
    assert world.control.none.isVisible() and world.control.none.accessibleName()
    world.control.none.click()
    assert world.asked == [""]
    world.control.show_value("")
    assert not world.control.none.isVisible() and world.control.warning == ""


def test_key_used_by_other_programs_causes_warning(world: World, texts: Texts) -> None:
    assert world.control.warning == ""
    world.control.show_value("ctrl+space")
    assert texts("settings.key-use.input-method") in world.control.warning


def test_key_taken_by_another_program_causes_warning(world: World, texts: Texts) -> None:
    world.control.show_problem(Note("hotkey-taken", {"binding": "f9"}))
    assert world.control.warning == "", "another one of ours"
    world.control.show_value("f9")
    assert world.control.warning == texts("note.hotkey-taken", binding="F9")
    world.control.show_problem(None)
    assert world.control.warning == ""


def test_key_that_the_desktop_chose_is_named(world: World, texts: Texts) -> None:
    world.control.show_assigned("f9")
    assert world.control.warning == texts(
        "settings.key.assigned-alone", key="F9", wanted=key_text(texts, "right_ctrl")
    )
    world.control.show_value("f8")
    assert world.control.warning == texts("settings.key.assigned", key="F9")
    world.control.show_value("f9")
    assert not world.control.warning
