"""Controls behind the status line: each is changed in place, and Esc gives the focus back."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.dictation.actions import PauseHotkeys, SuspendHotkeys
from app.dictation.gestures import TalkMode
from app.gateways.view import GatewaysView, GatewayView, WatchGateways
from app.local_services.worker_view import LocalWorkerState, SwitchWorker, WorkerView
from app.messages.kinds import Action
from app.settings.sections import ChangeSetting
from app.ui.settings.choices import Choices
from app.ui.shell.popover import Popover
from app.ui.shell.sidebar import Status
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.languages import in_each_language
from tests.helpers.legibility import cut, scrolling, unnamed, unreachable

STATUS = Status(
    choices=Choices((("usb", "USB"),), keys={"dictate": "f9"}),
    gateways=GatewaysView((GatewayView("attic", "Attic", "10.0.0.2:8765"),)),
    worker=WorkerView(LocalWorkerState.IDLE),
)


class World:
    """Window with an opener at its foot."""

    def __init__(self, theme: Theme, texts: Texts) -> None:
        self.asked = list[Action]()
        self.window, self.opener, self.other = QWidget(), QPushButton("status"), QPushButton("other")
        column = QVBoxLayout(self.window)
        column.addWidget(self.other)
        column.addStretch(1)
        column.addWidget(self.opener)
        self.window.resize(900, 600)
        self.popover = Popover(theme, texts, self.asked.append, self.window)
        self.opener.clicked.connect(lambda: self.popover.open(self.opener))
        self.popover.show_status(STATUS)
        self.window.show()
        self.window.activateWindow()


@pytest.fixture
def world(theme: Theme, texts: Texts, qtbot: QtBot) -> World:
    made = World(theme, texts)
    qtbot.addWidget(made.window)
    qtbot.waitUntil(made.window.isActiveWindow)
    made.opener.setFocus()
    made.opener.click()
    return made


def changes(world: World) -> list[Action]:
    return [action for action in world.asked if not isinstance(action, WatchGateways)]


def test_popover_opens_above_opener_within_window(world: World) -> None:
    popover = world.popover
    assert popover.isVisible() and popover.microphone.hasFocus()
    assert world.window.rect().contains(popover.geometry())
    assert popover.geometry().bottom() < world.opener.geometry().top()
    world.window.resize(400, 200)
    assert world.window.rect().contains(popover.geometry())


def test_popover_follows_opener_that_grows(world: World, qtbot: QtBot) -> None:
    world.opener.setMinimumHeight(200)
    popover, opener = world.popover, world.opener
    qtbot.waitUntil(lambda: popover.geometry().bottom() < opener.geometry().top() < 400)


def test_esc_closes_and_returns_focus(world: World) -> None:
    QTest.keyClick(world.popover.microphone, Qt.Key.Key_Escape)
    assert not world.popover.isVisible() and world.opener.hasFocus()


def test_click_elsewhere_closes(world: World) -> None:
    QTest.mouseClick(world.popover, Qt.MouseButton.LeftButton)
    assert world.popover.isVisible()
    for elsewhere in (world.other, world.opener):
        handle = world.window.windowHandle()
        assert handle is not None
        QTest.mouseClick(
            handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, elsewhere.geometry().center()
        )
        assert not world.popover.isVisible() and world.opener.hasFocus()
        world.popover.open(world.opener)


def test_focus_elsewhere_closes(world: World) -> None:
    world.other.setFocus()
    assert not world.popover.isVisible() and world.other.hasFocus()


def test_tab_stays_among_controls(world: World) -> None:
    popover = world.popover
    controls = [popover.microphone, popover.key, popover.mode, popover.pause, popover.place, popover.worker]
    for control in (*controls[1:], controls[0]):
        focused = QApplication.focusWidget()
        assert focused is not None
        QTest.keyClick(focused, Qt.Key.Key_Tab)
        assert control.hasFocus()
    QTest.keyClick(popover.microphone, Qt.Key.Key_Backtab)
    assert popover.worker.hasFocus()


def test_gateways_are_watched_while_open(world: World) -> None:
    assert world.asked == [WatchGateways(True, "status")]
    world.popover.shut()
    world.popover.shut()
    assert world.asked[1:] == [WatchGateways(False, "status")]


def test_microphone_mode_and_place_are_chosen(world: World) -> None:
    popover = world.popover
    for field, value in ((popover.microphone, "usb"), (popover.mode, TalkMode.HOLD), (popover.place, "0")):
        field.setCurrentIndex(field.findData(value))
        field.activated.emit(field.currentIndex())
    assert changes(world) == [
        ChangeSetting("audio.microphone", "usb"),
        ChangeSetting("hotkeys.mode", TalkMode.HOLD),
        ChangeSetting("gateway.chosen", "attic"),
    ]
    assert popover.place.currentData() == "here", "it shows the place in effect"
    popover.show_status(
        replace(STATUS, gateways=GatewaysView((GatewayView("attic", "Attic", "", True),), here=False))
    )
    assert popover.place.currentText() == "Attic"
    popover.place.setCurrentIndex(0)
    popover.place.activated.emit(0)
    assert changes(world)[-1] == ChangeSetting("gateway.chosen", "")


def test_last_place_adds_a_computer(world: World, qtbot: QtBot) -> None:
    place = world.popover.place
    place.setCurrentIndex(place.count() - 1)
    with qtbot.waitSignal(world.popover.add_wanted):
        place.activated.emit(place.currentIndex())
    assert not world.popover.isVisible() and changes(world) == []


def test_new_key_is_recorded_in_place(world: World, qtbot: QtBot) -> None:
    key = world.popover.key
    key.click()
    QTest.keyClick(key, Qt.Key.Key_F8)
    assert changes(world)[:2] == [PauseHotkeys(True), ChangeSetting("hotkeys.dictate", "f8")]
    qtbot.waitUntil(lambda: changes(world)[-1] == PauseHotkeys(False))


def test_switches_follow_values_in_effect(world: World, texts: Texts) -> None:
    popover = world.popover
    popover.pause.click()
    popover.worker.click()
    assert changes(world) == [SuspendHotkeys(True), SwitchWorker(False)]
    assert not popover.pause.isChecked() and popover.worker.isChecked()
    popover.show_status(replace(STATUS, paused=True, worker=WorkerView(LocalWorkerState.OFF)))
    assert popover.pause.isChecked() and not popover.worker.isChecked()
    assert popover.worker_state.text() == texts("worker.off")


def test_problem_is_shown_whole(world: World) -> None:
    world.popover.show_status(replace(STATUS, problem="It failed. Do this."))
    assert world.popover.problem.isVisible() and world.popover.problem.text() == "It failed. Do this."


@in_each_language
@pytest.mark.parametrize("size", ["normal", "largest"])
def test_controls_are_legible_and_need_no_scrolling(world: World, theme: Theme, size: str) -> None:
    world.window.resize(1024, 560)
    theme.choose_text_size(size)
    problem = "The microphone is used by another program. Close it or choose another microphone."
    world.popover.show_status(
        replace(STATUS, problem=problem, worker=WorkerView(LocalWorkerState.BUSY, "RTX 5060 Ti"))
    )
    for _ in range(3):
        QApplication.processEvents()
        world.window.grab()
    assert (unnamed(world.popover), unreachable(world.popover), cut(world.popover)) == ([], [], [])
    (area,) = world.popover.findChildren(QScrollArea)
    assert area.verticalScrollBar().maximum() == 0 and scrolling(world.popover) == []


@in_each_language
def test_long_reason_leaves_no_scroll_bar_behind(world: World) -> None:
    world.window.resize(1280, 760)
    (area,) = world.popover.findChildren(QScrollArea)
    for words in range(1, 60, 7):
        reason = Note("engine-not-loaded", {"problem": "word " * words})
        world.popover.shut()
        world.popover.show_status(STATUS)
        world.opener.click()
        world.popover.show_status(replace(STATUS, worker=WorkerView(LocalWorkerState.FAILED, reason=reason)))
        for _ in range(3):
            QApplication.processEvents()
            world.window.grab()
        assert area.verticalScrollBar().maximum() == 0, f"{words} words"


@in_each_language
def test_controls_have_names_in_each_language(world: World, texts: Texts) -> None:
    popover = world.popover
    texts.choose("zh" if texts.language == "en" else "en")
    assert popover.microphone.accessibleName() == texts("microphone.name")
    assert popover.place.accessibleName() == texts("shell.place")
    assert popover.pause.accessibleName() == texts("shell.pause")
    assert texts("hotkey.name") in popover.key.accessibleName()
