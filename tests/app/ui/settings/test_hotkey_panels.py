"""Key test: requests, results for each key, and its end."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.core.states import State
from app.dictation.actions import TestHotkeys
from app.dictation.hotkey_test import RECORDING, KeySeen, KeysSeen
from app.messages.kinds import Action
from app.ui.settings.hotkey_panels import LONGEST_MS, PressTest
from app.ui.strings.texts import Texts, key_text
from app.ui.theme.theme import Theme

BOUND = {"hotkeys.dictate": "right_ctrl", "hotkeys.cancel": "esc", "hotkeys.paste_held": ""}


@pytest.fixture
def test(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> PressTest:
    made = PressTest(theme, texts, asked.append)
    qtbot.addWidget(made)
    made.show_bindings(BOUND)
    made.show()
    return made


def test_key_test_shows_no_result_before_it_ran(test: PressTest, texts: Texts) -> None:
    assert not test.result.isVisible() and texts("hotkey.none") in test.names["paste-held"].text()
    assert [said.text() for said in test.observed.values()] == ["", "", ""]


def test_key_test_shows_arriving_keys(test: PressTest, texts: Texts, asked: list[Action]) -> None:
    QTest.keyClick(test.button, Qt.Key.Key_Space)
    assert asked == [TestHotkeys(True)] and test.button.text() == texts("settings.press.stop")
    assert not test.result.isVisible(), "it is not known yet that the keys are tried"
    test.show_keys(KeysSeen(True))
    assert test.result.text() == texts("settings.press.now")
    assert [said.text() for said in test.observed.values()] == [texts("settings.press.waiting")] * 2 + [""]
    test.show_keys(KeysSeen(True, (KeySeen("dictate"),)))
    assert test.observed["dictate"].text() == texts("settings.press.down")
    test.show_keys(KeysSeen(True, (KeySeen("dictate", 0.25),)))
    assert "250" in test.observed["dictate"].text() and test.shapes["dictate"].state is State.DONE
    test.show_keys(KeysSeen(True, (KeySeen("dictate", 0.25, chord=True),)))
    assert test.observed["dictate"].text() == texts("settings.press.chord")


def test_missing_key_is_reported_with_remedy(test: PressTest, texts: Texts) -> None:
    test.button.click()
    test.show_keys(KeysSeen(True))
    test.show_keys(KeysSeen(False, (KeySeen("dictate", 0.1),)))
    assert test.observed["cancel"].text() == texts("settings.press.missed")
    assert test.shapes["cancel"].state is State.FAILED
    assert test.observed["paste-held"].text() == "", "without a key nothing can arrive"
    assert test.result.text() == texts("settings.press.help") and not test.testing
    assert texts("settings.press.help") in test.accessibleName()


def test_key_test_reports_success_when_all_keys_arrive(test: PressTest, texts: Texts) -> None:
    test.button.click()
    test.show_keys(KeysSeen(True))
    test.show_keys(KeysSeen(False, (KeySeen("dictate", 0.1), KeySeen("cancel", 0.1))))
    assert test.result.text() == texts("settings.press.good")


def test_key_test_ends_on_click_and_when_hidden(test: PressTest, asked: list[Action]) -> None:
    test.button.click()
    test.button.click()
    assert asked == [TestHotkeys(True), TestHotkeys(False)]
    test.button.click()
    test.hide()
    assert asked[2:] == [TestHotkeys(True), TestHotkeys(False)] and not test.testing


def test_key_test_ends_after_time_limit_without_answer(test: PressTest, texts: Texts) -> None:
    test.button.click()
    assert test._limit.interval() == LONGEST_MS
    test._limit.stop()
    test._limit.timeout.emit()
    assert not test.result.isVisible(), "nothing was tried, nothing is said of the keys"
    test.button.click()
    test.show_keys(KeysSeen(True))
    test._limit.timeout.emit()
    assert (test.testing, test.result.text()) == (False, texts("settings.press.help"))


def test_key_test_names_key_of_desktop_after_time_limit(test: PressTest) -> None:
    test.button.click()
    test.show_keys(KeysSeen(True, assigned={"dictate": "f8"}))
    test._limit.timeout.emit()
    assert "F8" in test.names["dictate"].text()


def test_key_test_shows_why_hotkeys_are_impossible(test: PressTest, texts: Texts) -> None:
    test.show_problem(Note("hotkeys-no-display"))
    assert test.result.text() == texts("note.hotkeys-no-display")
    test.show_problem(Note("hotkeys-wayland"))
    assert texts("settings.key-lines.name") in test.result.text(), "the note names the page that is open"
    test.show_problem(None)
    test.show_keys(KeysSeen(problem=Note("hotkey-taken", {"binding": "f9"})))
    assert test.result.text() == texts("note.hotkey-taken", binding="F9")


def test_changed_key_resets_test_results(test: PressTest) -> None:
    test.button.click()
    test.show_keys(KeysSeen(True))
    test.show_keys(KeysSeen(False, (KeySeen("dictate", 0.1),)))
    test.show_bindings(BOUND | {"hotkeys.dictate": "f9"})
    assert [said.text() for said in test.observed.values()] == ["", "", ""] and not test.result.isVisible()


def test_key_test_is_refused_while_recording(test: PressTest, texts: Texts) -> None:
    test.button.click()
    test.show_keys(KeysSeen(problem=RECORDING))
    assert test.result.text() == texts("note.keys-recording") and test.observed["dictate"].text() == ""


def test_key_test_names_the_key_that_the_desktop_chose(test: PressTest, texts: Texts) -> None:
    test.show_keys(KeysSeen(assigned={"dictate": "f9"}))
    assert "F9" in test.names["dictate"].text() and key_text(texts, "esc") in test.names["cancel"].text()
