"""Microphone in the settings: the level test without a take, only while visible."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.messages.kinds import Action
from app.onboarding.steps import MicrophoneActivity, MicrophoneTrial, TryMicrophone
from app.ui.settings.controls import MicrophoneControl, Wording
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme

HEARD = MicrophoneTrial(MicrophoneActivity.HEARING, "USB", -20.0)


class World:
    def __init__(self, theme: Theme, texts: Texts, qtbot: QtBot) -> None:
        self.asked, self.chosen, self.refused = list[Action](), list[object](), list[Wording | None]()
        options = [("", "System"), ("USB", "USB")]
        self.control = MicrophoneControl(theme, texts, lambda: options, self.chosen.append, self.asked.append)
        self.control.refuse = self.refused.append
        qtbot.addWidget(self.control)
        self.control.show_value("")
        self.control.show()


@pytest.fixture
def world(theme: Theme, texts: Texts, qtbot: QtBot) -> World:
    return World(theme, texts, qtbot)


def test_microphone_test_starts_and_stops_on_demand(world: World, texts: Texts) -> None:
    control = world.control
    control.show_trial(HEARD)
    assert control.meter.level_dbfs != -20.0, "this trial belongs to the first steps"
    QTest.keyClick(control.listen, Qt.Key.Key_Space)
    assert world.asked == [TryMicrophone(True)] and control.listen.text() == texts("settings.microphone.stop")
    control.show_trial(HEARD)
    control.show_level(-50.0)
    assert control.meter.level_dbfs == -20.0
    control.listen.click()
    assert world.asked[-1] == TryMicrophone(False) and control.listen.text() == texts("settings.microphone.try")
    control.show_level(-50.0)
    assert control.meter.level_dbfs == -50.0


def test_microphone_test_stops_when_hidden(world: World) -> None:
    world.control.hide()
    assert world.asked == []
    world.control.show()
    world.control.listen.click()
    world.control.hide()
    assert world.asked == [TryMicrophone(True), TryMicrophone(False)]


def test_microphone_problem_is_shown_at_its_row(world: World, texts: Texts) -> None:
    world.control.listen.click()
    world.control.show_trial(MicrophoneTrial(MicrophoneActivity.OPENING, note=Note("no-microphone")))
    said = world.refused[-1]
    assert said is not None and said() == texts("note.no-microphone")
    world.control.show_trial(HEARD)
    assert world.refused[-1] is None


def test_closed_microphone_can_be_tested_again(world: World, texts: Texts) -> None:
    world.control.listen.click()
    world.control.show_trial(MicrophoneTrial())
    assert world.control.listen.text() == texts("settings.microphone.try")
