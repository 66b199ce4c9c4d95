from collections.abc import Callable
from functools import partial

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.desktop.abilities import DesktopView
from app.dictation.actions import TestHotkeys
from app.dictation.hotkey_test import KeySeen, KeysSeen
from app.messages.kinds import Action
from app.settings.sections import ChangeSetting
from app.ui.onboarding.key_step import KeyStep
from app.ui.settings.choices import DICTATE, DICTATE_KEY, PASTE_HELD, Choices
from app.ui.strings.texts import Texts, note_text
from app.ui.theme.theme import Theme
from app.ui.widgets.basic import control_height
from app.ui.widgets.panels import lay_out_now
from tests.app.ui.steady import on_a_page, places

WAYLAND = Note("hotkeys-wayland")
TAKEN = Note("hotkey-taken", {"binding": "f9"})
PRESSED = KeysSeen(True, (KeySeen(DICTATE),))


@pytest.fixture
def page(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> KeyStep:
    made = KeyStep(theme, texts, asked.append)
    qtbot.addWidget(made)
    made.show_choices(Choices(keys={DICTATE: "f9", PASTE_HELD: "ctrl+alt+v"}))
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.show_seen(True)
    made.caps.setFocus()
    qtbot.waitUntil(made.caps.hasFocus)
    return made


def test_key_caps_light_up_when_dictation_key_arrives(page: KeyStep, texts: Texts, qtbot: QtBot) -> None:
    page.show_keys(KeysSeen(True))
    assert (page.caps.caps, page.caps.lit, page.complete) == (("F9",), False, False)
    assert (
        page.state.text() == texts("onboarding.press", key="F9")
        and page.state.text() in page.caps.accessibleName()
    )
    with qtbot.waitSignal(page.changed):
        page.show_keys(PRESSED)
    assert (page.caps.lit, page.complete, page.result) == (True, True, texts("onboarding.arrived", key="F9"))
    page.show_keys(KeysSeen(True, (KeySeen(DICTATE, 0.1, chord=True),)))
    assert (page.caps.lit, page.complete, page.state.text()) == (False, False, texts("onboarding.chord"))


def test_step_asks_for_key_press_only_during_key_test(page: KeyStep) -> None:
    assert page.state.text() == "", "the answer is not there yet"
    page.show_keys(KeysSeen(True))
    page.show_seen(False)
    page.show_keys(KeysSeen())
    assert page.state.text() == ""


def test_key_test_results_do_not_move_the_key_caps(page: KeyStep) -> None:
    taken = KeysSeen(True, (), TAKEN)
    steps: list[Callable[[], object]] = [
        partial(page.show_keys, seen) for seen in (KeysSeen(), KeysSeen(True), PRESSED, taken)
    ]
    steps += [page._late.timeout.emit, partial(page.show_keys, KeysSeen())]
    with on_a_page(page):
        seen = places((page.caps,), steps)
    assert [len(found) for found in seen] == [1]


def test_other_hotkeys_do_not_light_key_caps(page: KeyStep) -> None:
    page.show_keys(KeysSeen(True, (KeySeen("cancel"),)))
    assert not page.caps.lit


def test_key_test_runs_only_while_step_is_visible(page: KeyStep, asked: list[Action]) -> None:
    page.show_keys(PRESSED)
    page.show_keys(KeysSeen(False, PRESSED.keys))
    assert asked == [TestHotkeys(True), TestHotkeys(True)], "the test ends by itself"
    page.show_keys(KeysSeen(True))
    assert page.caps.lit, "what has arrived stays"
    page.show_seen(False)
    assert asked[-1] == TestHotkeys(False)
    QTest.keyClick(page.caps, Qt.Key.Key_F8)
    assert asked[-1] == TestHotkeys(False), "no key is chosen any more"


def test_key_test_continues_when_the_window_is_active_again(page: KeyStep, asked: list[Action]) -> None:
    page.show_keys(KeysSeen(True))
    asked.clear()
    QApplication.sendEvent(page, QEvent(QEvent.Type.WindowActivate))
    assert asked == [], "it runs"
    page.show_keys(KeysSeen(problem=TAKEN))
    asked.clear()
    QApplication.sendEvent(page, QEvent(QEvent.Type.WindowActivate))
    assert asked == [TestHotkeys(True)]
    page.show_seen(False)
    page.show_keys(KeysSeen())
    QApplication.sendEvent(page, QEvent(QEvent.Type.WindowActivate))
    assert asked[1:] == [TestHotkeys(False)]


def test_missing_key_is_reported_after_timeout(page: KeyStep, texts: Texts) -> None:
    page._late.timeout.emit()
    assert not page.note.isVisible(), "it is not known yet that the keys are tried"
    page.show_keys(KeysSeen(True))
    page._late.timeout.emit()
    assert page.note.text() == texts("onboarding.nothing-came")
    page.show_keys(PRESSED)
    assert not page.note.isVisible()


def test_key_taken_by_another_program_is_reported(page: KeyStep, texts: Texts) -> None:
    page.show_keys(KeysSeen(True, (), TAKEN))
    assert (page.note.text(), page.state.text()) == (note_text(texts, TAKEN), "") and not page.complete


def test_pressing_another_key_chooses_it_and_tests_it(page: KeyStep, asked: list[Action]) -> None:
    page.show_keys(PRESSED)
    asked.clear()
    QTest.keyClick(page.caps, Qt.Key.Key_F8)
    assert asked == [ChangeSetting(DICTATE_KEY, "f8")]
    page.show_choices(Choices(keys={DICTATE: "f8"}))
    assert (page.caps.caps, page.caps.lit, page.complete) == (("F8",), False, False), "the new one has not arrived"


def test_key_that_writes_or_is_used_already_is_not_chosen(
    page: KeyStep, asked: list[Action], texts: Texts
) -> None:
    asked.clear()
    QTest.keyClick(page.caps, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    assert not page.note.isVisible()
    QTest.keyClick(page.caps, Qt.Key.Key_A)
    assert page.note.text() == texts("hotkey.unusable") and asked == []


def test_step_without_a_key_asks_for_one(page: KeyStep, texts: Texts) -> None:
    page.show_choices(Choices(keys={DICTATE: ""}))
    page.show_keys(KeysSeen(True))
    assert page.state.text() == texts("onboarding.no-key") and not page.complete


def test_command_is_shown_when_hotkeys_are_impossible(page: KeyStep, asked: list[Action], texts: Texts) -> None:
    page.show_impossible(WAYLAND)
    assert page.note.text() == note_text(texts, WAYLAND)
    assert page.description.text() == texts("onboarding.no-hotkeys")
    assert not page.caps.isVisible() and page.command.text() == "kikipounamu toggle"
    page.copy.click()
    assert QGuiApplication.clipboard().text() == "kikipounamu toggle"
    assert page.first is page.set_up and page.complete, "there is nothing to try"
    asked.clear()
    page.show_seen(False)
    page.show_seen(True)
    assert TestHotkeys(True) not in asked


def test_command_names_the_program_of_this_installation(page: KeyStep) -> None:
    page.show_impossible(WAYLAND)
    page.show_desktop(DesktopView(toggle="'/my programs/kikipounamu' toggle"))
    page.copy.click()
    assert page.command.text() == QGuiApplication.clipboard().text() == "'/my programs/kikipounamu' toggle"


def test_lines_of_the_settings_are_one_click_away(page: KeyStep, qtbot: QtBot) -> None:
    assert not page.set_up.isVisible()
    page.show_impossible(WAYLAND)
    with qtbot.waitSignal(page.lines_wanted):
        page.set_up.click()
    page.show_impossible(Note("hotkeys-no-display"))
    assert not page.set_up.isVisible() and page.first is page.copy, "the settings have no lines there"


def test_command_and_lines_begin_at_one_edge(page: KeyStep, qtbot: QtBot) -> None:
    page.show_impossible(WAYLAND)
    page.resize(900, 700)
    qtbot.waitUntil(page.set_up.isVisible)
    lay_out_now()
    parts = (page.note, page.set_up, page.instead, page.command)
    assert len({part.mapTo(page, part.rect().topLeft()).x() for part in parts}) == 1
    assert page.note.alignment() & Qt.AlignmentFlag.AlignLeft
    assert page.command.height() >= control_height()
    page.show_impossible(None)
    assert page.note.alignment() & Qt.AlignmentFlag.AlignHCenter, "as the key above it"
