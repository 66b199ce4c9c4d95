from collections.abc import Callable
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.notes import Note
from app.dictation.actions import PauseHotkeys, TestHotkeys
from app.dictation.hotkey_test import KeySeen, KeysSeen
from app.messages.actions import Action
from app.settings.actions import ChangeSetting
from app.ui.onboarding.hotkey_step import COMMAND, HotkeyStep
from app.ui.settings.choices import DICTATE, DICTATE_KEY, Choices
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme.theme import Theme
from tests.app.ui.steady import on_a_page, places

WAYLAND = Note("hotkeys-wayland")
PRESSED = KeysSeen(True, (KeySeen(DICTATE),))


@pytest.fixture
def asked() -> list[Action]:
    return []


@pytest.fixture
def page(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> HotkeyStep:
    made = HotkeyStep(theme, texts, asked.append)
    qtbot.addWidget(made)
    made.show_choices(Choices(keys={DICTATE: "f9"}))
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.show_seen(True)
    return made


def test_key_caps_light_up_when_dictation_key_arrives(page: HotkeyStep, texts: Texts) -> None:
    page.show_keys(KeysSeen(True))
    assert (page.caps.caps, page.caps.lit) == (("F9",), False)
    assert page.state.text() == texts("onboarding.press", key="F9")
    page.show_keys(PRESSED)
    assert [page.caps.lit, page.state.text()] == [True, texts("onboarding.arrived", key="F9")]
    page.show_keys(KeysSeen(True, (KeySeen(DICTATE, 0.1, chord=True),)))
    assert [page.caps.lit, page.state.text()] == [False, texts("onboarding.chord")]


def test_step_asks_for_key_press_only_during_key_test(page: HotkeyStep, texts: Texts) -> None:
    assert page.state.text() == "", "the answer is not there yet"
    page.show_keys(KeysSeen(True))
    page.show_seen(False)
    page.show_keys(KeysSeen())
    assert page.state.text() == texts("onboarding.keys-rest")


def test_key_test_results_move_no_control(page: HotkeyStep) -> None:
    taken = KeysSeen(True, (), Note("hotkey-taken", {"binding": "f9"}))
    steps: list[Callable[[], object]] = [
        partial(page.show_keys, seen) for seen in (KeysSeen(), KeysSeen(True), PRESSED, taken)
    ]
    steps += [page._late.timeout.emit, partial(page.show_keys, KeysSeen())]
    with on_a_page(page):
        seen = places((page.key, page.again), steps)
    assert [len(found) for found in seen] == [1, 1]


def test_other_hotkeys_do_not_light_key_caps(page: HotkeyStep) -> None:
    page.show_keys(KeysSeen(True, (KeySeen("cancel"),)))
    assert not page.caps.lit


def test_key_test_runs_only_while_step_is_visible(page: HotkeyStep, asked: list[Action]) -> None:
    page.show_keys(PRESSED)
    page.show_keys(KeysSeen(False, PRESSED.keys))
    assert asked == [TestHotkeys(True), TestHotkeys(True)], "the test ends by itself"
    page.show_keys(KeysSeen(True))
    assert page.caps.lit, "what has arrived stays"
    page.show_seen(False)
    assert asked[-1] == TestHotkeys(False)


def test_missing_key_is_reported_after_timeout(page: HotkeyStep, texts: Texts) -> None:
    page._late.timeout.emit()
    assert not page.note.isVisible(), "it is not known yet that the keys are tried"
    page.show_keys(KeysSeen(True))
    page._late.timeout.emit()
    assert page.note.text() == texts("onboarding.nothing-came")
    page.show_keys(PRESSED)
    assert not page.note.isVisible()


def test_key_taken_by_another_program_is_reported(page: HotkeyStep, texts: Texts) -> None:
    taken = Note("hotkey-taken", {"binding": "f9"})
    page.show_keys(KeysSeen(True, (), taken))
    assert page.state.text() == note_text(texts, taken)


def test_new_key_is_saved_and_then_tested(page: HotkeyStep, asked: list[Action]) -> None:
    asked.clear()
    page.key.click()
    QTest.keyClick(page.key, Qt.Key.Key_F8)
    assert asked == [PauseHotkeys(True), ChangeSetting(DICTATE_KEY, "f8")]
    page.key.listens.emit(False)
    assert asked[2:] == [PauseHotkeys(False), TestHotkeys(True)]
    page.show_keys(PRESSED)
    page.show_choices(Choices(keys={DICTATE: "f8"}))
    assert (page.caps.caps, page.caps.lit) == (("F8",), False), "the new one has not arrived yet"


def test_command_is_shown_when_hotkeys_are_impossible(page: HotkeyStep, asked: list[Action], texts: Texts) -> None:
    page.show_impossible(WAYLAND)
    assert page.state.text() == note_text(texts, WAYLAND)
    assert page.says.text() == texts("onboarding.no-hotkeys")
    assert not page.key.isVisible() and page.command.text() == COMMAND
    page.copy.click()
    assert QGuiApplication.clipboard().text() == COMMAND
    assert page.first is page.copy
    asked.clear()
    page.show_seen(False)
    page.show_seen(True)
    assert TestHotkeys(True) not in asked
