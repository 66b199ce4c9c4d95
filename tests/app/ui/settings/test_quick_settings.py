"""Panel of common settings: shows the values in effect and requests changes."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.dictation.actions import PauseHotkeys, Verb
from app.dictation.gestures import TalkMode
from app.local_services.worker_view import LocalWorkerState, SwitchWorker, WorkerView
from app.messages.actions import Action
from app.settings.actions import ChangeSetting
from app.sharing.view import LendingView, LentView
from app.ui.computers.wording import lent_text
from app.ui.settings.choices import DICTATE_KEY, LANGUAGE, MODE, Choices
from app.ui.settings.quick_settings import SettingsPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme

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


def test_settings_panel_shows_values_in_effect(panel: SettingsPanel, texts: Texts) -> None:
    assert panel.microphone.currentText() == "USB"
    assert panel.mode.currentText() == texts("mode.hold")
    assert panel.language.currentText() == "English"
    assert panel.key.binding == "f9"
    assert panel.microphone.itemText(0) == texts("microphone.system-device", device="Built-in")


def test_unplugged_microphone_stays_selected(panel: SettingsPanel, texts: Texts) -> None:
    panel.show_choices(Choices((("Built-in", "Built-in"),), "Headset"))
    assert panel.microphone.currentText() == texts("microphone.away", device="Headset")
    assert panel.microphone.count() == 3


def test_clicked_choices_are_requested(panel: SettingsPanel, asked: list[Action], qtbot: QtBot) -> None:
    for choice, place in ((panel.microphone, 0), (panel.mode, 2), (panel.language, 2)):
        choice.setCurrentIndex(place)
        choice.activated.emit(place)
    panel.quit.click()
    assert asked == [
        ChangeSetting("audio.microphone", ""),
        ChangeSetting(MODE, "hybrid"),
        ChangeSetting(LANGUAGE, "zh"),
        Verb.QUIT,
    ]


def test_hotkeys_pause_while_key_is_chosen(panel: SettingsPanel, asked: list[Action], qtbot: QtBot) -> None:
    panel.key.click()
    assert asked == [PauseHotkeys(True)]
    QTest.keyClick(panel.key, Qt.Key.Key_F8)
    qtbot.waitUntil(lambda: len(asked) == 3)
    assert asked == [PauseHotkeys(True), ChangeSetting(DICTATE_KEY, "f8"), PauseHotkeys(False)]


def test_showing_values_requests_no_change(panel: SettingsPanel, asked: list[Action]) -> None:
    panel.show_choices(Choices((("Other", "Other"),), "Other", "", TalkMode.HANDS_FREE, {}, "zh"))
    panel.refresh()
    assert asked == []


def test_unusable_key_is_refused_with_message(panel: SettingsPanel, texts: Texts, qtbot: QtBot) -> None:
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
        (LocalWorkerState.OFF, False),
        (LocalWorkerState.STARTING, True),
        (LocalWorkerState.DOWNLOADING, True),
        (LocalWorkerState.IDLE, True),
        (LocalWorkerState.BUSY, True),
        (LocalWorkerState.FAILED, False),
    ],
)
def test_worker_switch_shows_worker_state(
    panel: SettingsPanel, texts: Texts, state: LocalWorkerState, on: bool
) -> None:
    panel.show_worker(WorkerView(state, "RTX", 40 if state is LocalWorkerState.DOWNLOADING else None))
    assert panel.worker.isChecked() is on
    assert "RTX" in panel.worker_state.text()


def test_worker_switch_waits_for_worker(panel: SettingsPanel, asked: list[Action], qtbot: QtBot) -> None:
    QTest.keyClick(panel.worker, Qt.Key.Key_Space)
    assert asked == [SwitchWorker(True)]
    assert not panel.worker.isChecked()
    panel.show_worker(WorkerView(LocalWorkerState.IDLE))
    assert panel.worker.isChecked()
    panel.worker.click()
    assert asked[-1] == SwitchWorker(False)


def test_lending_to_other_gateways_is_shown(panel: SettingsPanel, texts: Texts) -> None:
    assert not panel.lent_state.isVisible()
    busy = LentView("a", "desk", True, WorkerView(LocalWorkerState.BUSY, "cuda · m", jobs=3))
    panel.show_lending(LendingView((busy, LentView("b", "attic"))))
    assert panel.lent_state.text() == lent_text(texts, busy)
    texts.choose("zh" if texts.language == "en" else "en")
    panel.refresh()
    assert panel.lent_state.text() == lent_text(texts, busy)
    panel.show_lending(LendingView())
    assert not panel.lent_state.isVisible()
