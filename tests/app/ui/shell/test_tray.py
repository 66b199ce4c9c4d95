"""Tray: all menu entries, the true state, and the actions of clicks."""

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSystemTrayIcon
from pytestqt.qtbot import QtBot

from app.core.notes import Note
from app.core.states import State
from app.dictation.actions import Verb
from app.dictation.view import TakeView, View
from app.gateways.view import GatewaysView, GatewayView
from app.local_services.worker_view import LocalWorkerState, SwitchWorker, WorkerView
from app.messages.actions import Action
from app.messages.notifications import Takes
from app.settings.actions import ChangeSetting
from app.ui.settings.choices import Choices
from app.ui.shell import tray as module
from app.ui.shell.pages import HISTORY, SETTINGS
from app.ui.shell.tray import Tray
from app.ui.strings.texts import Texts
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import Theme

CHOICES = Choices((("USB & more", "USB & more"), ("Built-in", "Built-in")), "Built-in", "USB & more")


class Opened:
    """Window opener that records the requested pages."""

    def __init__(self) -> None:
        self.pages: list[str] = []

    def __call__(self, page: str) -> None:
        self.pages.append(page)


@pytest.fixture
def asked() -> list[Action]:
    return []


@pytest.fixture
def opened() -> Opened:
    return Opened()


@pytest.fixture
def tray(theme: Theme, texts: Texts, asked: list[Action], opened: Opened) -> Tray:
    made = Tray(theme, texts, asked.append, opened, lambda: opened("monitor"))
    made.show_choices(CHOICES)
    return made


def entries(tray: Tray) -> list[QAction]:
    return [entry for entry in tray.menu.actions() if entry.isVisible() and not entry.isSeparator()]


def test_tray_menu_has_all_entries_in_order(tray: Tray, texts: Texts) -> None:
    shown = [entry.text() for entry in entries(tray)]
    worker = texts("worker.stated", state=texts("worker.off"))
    named = ("action.start", "tray.microphone", "place.goes-here", "tray.monitor", "tray.history", "tray.settings")
    start, microphone, gateway, *pages = (texts(key) for key in named)
    lend, out = texts("lending.tray-first"), texts("action.quit")
    assert shown == [start, microphone, gateway, worker, lend, *pages, out]


def test_tray_has_entries_for_held_and_ready_texts(tray: Tray, asked: list[Action]) -> None:
    usual = len(entries(tray))
    tray.show_view(View(State.HELD, held=1, note=Note("insert-ready")))
    assert len(entries(tray)) == usual + 2
    tray.insert_ready.trigger()
    assert asked == [Verb.INSERT_READY]


def test_tray_offers_and_counts_recordings_to_paste(tray: Tray, texts: Texts) -> None:
    usual = len(entries(tray))
    held, done = TakeView("s", 0.0, 1.0, State.HELD, "kia ora", held=1), TakeView("t", 0.0, 1.0, State.DONE, "x")
    tray.show_takes(Takes((held, done)))
    assert len(entries(tray)) == usual + 1 and len(tray.held.entries) == 1
    tray.show_choices(Choices(keys={"paste-held": "ctrl+alt+v"}))
    tray.show_view(View(State.HELD, held=2, earlier=1))
    assert texts("state.held") in tray.toolTip()
    assert texts("overlay.held-key", count=2, key="Ctrl+Alt+V") in tray.toolTip()
    assert texts("overlay.earlier", count=1) in tray.toolTip()
    texts.choose("zh" if texts.language == "en" else "en")
    assert texts("overlay.earlier", count=1) in tray.toolTip() and tray.held.title() == texts("tray.to-paste")


def test_held_text_is_pasted_after_menu_has_closed(tray: Tray, asked: list[Action], qtbot: QtBot) -> None:
    tray.paste_held.trigger()
    assert asked == []
    qtbot.waitUntil(lambda: asked == [Verb.PASTE_HELD])


def test_tray_entry_starts_and_stops_dictation(tray: Tray, texts: Texts, asked: list[Action]) -> None:
    tray.dictate.trigger()
    tray.show_view(View(State.LISTENING))
    assert tray.dictate.text() == texts("action.stop")
    tray.dictate.trigger()
    assert asked == [Verb.START, Verb.STOP]


def test_tray_lists_microphones_and_marks_chosen_one(tray: Tray, asked: list[Action]) -> None:
    shown = tray.microphones.actions()
    assert [entry.text() for entry in shown[1:]] == ["USB && more", "Built-in"]
    assert [entry.isChecked() for entry in shown] == [False, False, True]
    shown[1].trigger()
    shown[0].trigger()
    assert asked == [ChangeSetting("audio.microphone", "USB & more"), ChangeSetting("audio.microphone", "")]


def test_tray_keeps_unplugged_microphone_in_list(tray: Tray, texts: Texts) -> None:
    tray.show_choices(Choices((("One", "One"),), "Gone"))
    shown = tray.microphones.actions()
    assert [entry.text() for entry in shown] == [
        texts("microphone.system"),
        "One",
        texts("microphone.away", device="Gone"),
    ]
    assert [entry.isChecked() for entry in shown] == [False, False, True]


def test_tray_gateway_is_this_computer_by_default(tray: Tray, texts: Texts) -> None:
    here = tray.gateways.actions()[0]
    assert (here.text(), here.isChecked()) == (texts("place.here"), True)
    here.trigger()
    assert here.isChecked() and tray.gateways.title() == texts("place.goes-here")


@pytest.mark.parametrize(
    ("worker", "checked"),
    [
        (WorkerView(), False),
        (WorkerView(LocalWorkerState.DOWNLOADING, percent=40), True),
        (WorkerView(LocalWorkerState.BUSY, "RTX & co"), True),
        (WorkerView(LocalWorkerState.FAILED, "no model"), False),
    ],
)
def test_tray_entry_shows_worker_state(tray: Tray, worker: WorkerView, checked: bool) -> None:
    tray.show_worker(worker)
    assert tray.worker.isChecked() is checked
    assert worker.detail.replace("&", "&&") in tray.worker.text()
    assert ("40" in tray.worker.text()) is (worker.percent == 40)


def test_tray_worker_mark_waits_for_worker(tray: Tray, asked: list[Action]) -> None:
    tray.worker.trigger()
    assert asked == [SwitchWorker(True)]
    assert not tray.worker.isChecked()
    tray.show_worker(WorkerView(LocalWorkerState.IDLE))
    tray.worker.trigger()
    assert asked[-1] == SwitchWorker(False)
    assert tray.worker.isChecked()


def test_tray_entries_open_pages_and_click_opens_window(tray: Tray, opened: Opened, asked: list[Action]) -> None:
    for entry in (tray.monitor, tray.history, tray.settings):
        entry.trigger()
    tray.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
    tray.activated.emit(QSystemTrayIcon.ActivationReason.Context)
    assert opened.pages == ["monitor", HISTORY, SETTINGS, ""]
    tray.quit.trigger()
    assert asked == [Verb.QUIT]


def test_tooltip_shows_state_and_unsent_seconds(tray: Tray, texts: Texts) -> None:
    assert texts("state.idle") in tray.toolTip()
    tray.show_view(View(State.SENDING, unsent_s=7.6))
    assert texts("state.sending") in tray.toolTip() and "8" in tray.toolTip()


def test_tray_shows_gateway_in_use_and_its_replacement(tray: Tray, texts: Texts) -> None:
    desk = GatewayView("desk", "Desk & co", "10.0.0.1:8765", chosen=True)
    for view, said in (
        (GatewaysView(), texts("place.goes-here")),
        (GatewaysView((desk,), here=False), texts("place.goes-to", destination=desk.name)),
        (GatewaysView((desk,), instead_of=desk.name), texts("place.goes-instead", gateway=desk.name)),
    ):
        tray.show_gateways(view)
        assert tray.gateways.title() == said.replace("&", "&&")
        assert tray.toolTip() == texts("tray.tooltip", state=texts("state.idle"), where=said)
    tray.show_view(View(State.SENDING, unsent_s=7.6))
    assert texts("place.goes-instead", gateway=desk.name) in tray.toolTip()
    texts.choose("zh" if texts.language == "en" else "en")
    assert texts("place.goes-instead", gateway=desk.name) in tray.toolTip()


def test_tray_icon_changes_only_with_state_and_theme(tray: Tray, theme: Theme) -> None:
    keys = set()
    for state in State:
        tray.show_view(View(state))
        keys.add(tray.icon().cacheKey())
        tray.show_view(View(state, seconds=5.0))
        keys.add(tray.icon().cacheKey())
    assert len(keys) == len(State)
    theme.choose(Scheme.DARK)
    assert tray.icon().cacheKey() not in keys


def test_tray_changes_language(theme: Theme) -> None:
    texts = Texts("en")
    tray = Tray(theme, texts, lambda action: None, lambda page: None, lambda: None)
    texts.choose("zh")
    assert tray.quit.text() == "退出"


def test_tray_availability_is_a_boolean() -> None:
    assert isinstance(module.available(), bool)
