"""The settings: they show what is chosen, and ask for what is clicked."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.actions import Action, ChangeSetting, ChooseMicrophone, PauseHotkeys, SwitchWorker, Verb
from app.gestures import TalkMode
from app.sharing.view import LendingView, LentView
from app.ui.choices import DICTATE_KEY, LANGUAGE, MODE, Choices
from app.ui.settings_panel import SettingsPanel
from app.ui.sharing_wording import lent_text
from app.ui.texts import Texts
from app.ui.theme import Theme
from app.view import WorkerState, WorkerView

CHOICES = Choices(
    (("USB", "USB"), ("Built-in", "Built-in")), "USB", "Built-in", TalkMode.HOLD, {"dictate": "f9"}, "en"
)


@pytest.fixture
def asked() -> list[Action]:
    return []


@pytest.fixture
def panel(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> SettingsPanel:
    made = SettingsPanel(theme, texts, asked.append)
    qtbot.addWidget(made)
    made.show()
    made.show_choices(CHOICES)
    return made


def test_it_shows_what_is_chosen(panel: SettingsPanel, texts: Texts) -> None:
    assert panel.microphone.currentText() == "USB"
    assert panel.mode.currentText() == texts("mode.hold")
    assert panel.language.currentText() == "English"
    assert panel.key.binding == "f9"
    assert panel.microphone.itemText(0) == texts("microphone.system-device", device="Built-in")


def test_a_microphone_that_is_unplugged_stays_chosen(panel: SettingsPanel, texts: Texts) -> None:
    panel.show_choices(Choices((("Built-in", "Built-in"),), "Headset"))
    assert panel.microphone.currentText() == texts("microphone.away", device="Headset")
    assert panel.microphone.count() == 3


def test_what_is_clicked_is_asked_for(panel: SettingsPanel, asked: list[Action], qtbot: QtBot) -> None:
    for choice, place in ((panel.microphone, 0), (panel.mode, 2), (panel.language, 2)):
        choice.setCurrentIndex(place)
        choice.activated.emit(place)
    panel.quit.click()
    assert asked == [
        ChooseMicrophone(""),
        ChangeSetting(MODE, "hybrid"),
        ChangeSetting(LANGUAGE, "zh"),
        Verb.QUIT,
    ]


def test_a_key_is_asked_for_and_none_is_ours_meanwhile(
    panel: SettingsPanel, asked: list[Action], qtbot: QtBot
) -> None:
    panel.key.click()
    assert asked == [PauseHotkeys(True)]
    QTest.keyClick(panel.key, Qt.Key.Key_F8)
    qtbot.waitUntil(lambda: len(asked) == 3)
    assert asked == [PauseHotkeys(True), ChangeSetting(DICTATE_KEY, "f8"), PauseHotkeys(False)]


def test_showing_asks_for_nothing(panel: SettingsPanel, asked: list[Action]) -> None:
    panel.show_choices(Choices((("Other", "Other"),), "Other", "", TalkMode.HANDS_FREE, {}, "zh"))
    panel.refresh()
    assert asked == []


def test_a_key_that_cannot_be_used_is_refused_in_words(panel: SettingsPanel, texts: Texts, qtbot: QtBot) -> None:
    panel.key.click()
    QTest.keyClick(panel.key, Qt.Key.Key_X)
    assert panel.refusal.isVisible()
    assert panel.refusal.text() == texts("hotkey.unusable")
    panel.key.click()
    QTest.keyClick(panel.key, Qt.Key.Key_F7)
    assert not panel.refusal.isVisible()


@pytest.mark.parametrize(
    ("state", "on"),
    [
        (WorkerState.OFF, False),
        (WorkerState.STARTING, True),
        (WorkerState.DOWNLOADING, True),
        (WorkerState.IDLE, True),
        (WorkerState.BUSY, True),
        (WorkerState.FAILED, False),
    ],
)
def test_the_switch_tells_the_truth(panel: SettingsPanel, texts: Texts, state: WorkerState, on: bool) -> None:
    panel.show_worker(WorkerView(state, "RTX", 40 if state is WorkerState.DOWNLOADING else None))
    assert panel.worker.isChecked() is on
    assert "RTX" in panel.worker_state.text()


def test_the_switch_waits_for_the_worker(panel: SettingsPanel, asked: list[Action], qtbot: QtBot) -> None:
    QTest.keyClick(panel.worker, Qt.Key.Key_Space)
    assert asked == [SwitchWorker(True)]
    assert not panel.worker.isChecked()
    panel.show_worker(WorkerView(WorkerState.IDLE))
    assert panel.worker.isChecked()
    panel.worker.click()
    assert asked[-1] == SwitchWorker(False)


def test_whom_this_computer_works_for_besides_is_told(panel: SettingsPanel, texts: Texts) -> None:
    assert not panel.lent_state.isVisible()
    busy = LentView("a", "desk", True, WorkerView(WorkerState.BUSY, "cuda · m", jobs=3))
    panel.show_lending(LendingView((busy, LentView("b", "attic"))))
    assert panel.lent_state.text() == lent_text(texts, busy)
    texts.choose("zh" if texts.language == "en" else "en")
    panel.refresh()
    assert panel.lent_state.text() == lent_text(texts, busy)
    panel.show_lending(LendingView())
    assert not panel.lent_state.isVisible()
