"""Tray: all menu entries, the true state, and the actions of clicks."""

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSystemTrayIcon
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.core.states import State
from app.dictation.actions import CopyText, SuspendHotkeys, Verb
from app.dictation.view import TakeView, View
from app.gateways.view import GatewaysView, GatewayView
from app.journal.take import TakeState
from app.local_services.worker_view import LocalWorkerState, SwitchWorker, WorkerView
from app.messages.kinds import Action, Takes
from app.sharing.view import Lend, LendingView, LentView
from app.ui.settings.choices import Choices
from app.ui.shell.sidebar import Status
from app.ui.shell.tray import Tray
from app.ui.strings.texts import Texts, worker_text
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import Theme

CHOICES = Choices(keys={"dictate": "f9", "paste-held": "ctrl+alt+v"})


@pytest.fixture
def tray(theme: Theme, texts: Texts, asked: list[Action]) -> Iterator[Tray]:
    made = Tray(theme, texts, asked.append)
    made.show_status(Status(choices=CHOICES))
    made.appear()
    yield made
    made.vanish()


def entries(tray: Tray) -> list[QAction]:
    return [entry for entry in tray.menu.actions() if entry.isVisible() and not entry.isSeparator()]


def shown(tray: Tray) -> QSystemTrayIcon:
    assert tray.icon is not None
    return tray.icon


def other(texts: Texts) -> str:
    return "zh" if texts.language == "en" else "en"


def test_tray_menu_has_all_entries_in_order(tray: Tray, texts: Texts) -> None:
    tray.show_status(Status(View(held=1), CHOICES))
    for _ in range(2):
        worker = texts("tray.worker", state=texts("worker.off"))
        first = (texts("tray.open"), texts("action.start"), texts("tray.copy-last"), texts("action.paste"))
        then = (
            texts("page.monitor"),
            worker,
            texts("lending.add"),
            texts("shell.pause"),
            texts("action.quit"),
        )
        assert [entry.text() for entry in entries(tray)] == [*first, *then]
        texts.choose(other(texts))


@pytest.mark.parametrize(
    ("view", "offers"),
    [
        (View(), False),
        (View(State.HELD, held=1), True),
        (View(State.DONE, earlier=1), True),
        (View(State.WAITING, note=Note("insert-ready")), True),
        (View(State.WAITING, note=Note("no-worker")), False),
    ],
)
def test_tray_offers_to_paste_when_text_waits(tray: Tray, view: View, offers: bool) -> None:
    tray.show_status(Status(view, CHOICES))
    assert (tray.paste in entries(tray)) is offers


def test_text_is_pasted_after_menu_has_closed(tray: Tray, asked: list[Action], qtbot: QtBot) -> None:
    tray.paste.trigger()
    assert asked == []
    qtbot.waitUntil(lambda: asked == [Verb.PASTE_HELD])


def test_tray_counts_recordings_to_paste(tray: Tray, texts: Texts) -> None:
    tray.show_status(Status(View(State.HELD, held=2, earlier=1), CHOICES))
    for _ in range(2):
        tip = shown(tray).toolTip()
        assert texts("state.held") in tip and texts("overlay.held-key", count=2, key="Ctrl+Alt+V") in tip
        assert texts("overlay.earlier", count=1) in tip
        texts.choose(other(texts))


def test_tray_copies_newest_text(tray: Tray, asked: list[Action]) -> None:
    assert not tray.copy_last.isEnabled()
    done = TakeView("t", 0.0, 1.0, TakeState.DONE, "kia ora")
    tray.show_takes(
        Takes((TakeView("u", 1.0, 1.0, TakeState.WAITING), done, TakeView("s", 0.0, 1.0, TakeState.DONE, "x")))
    )
    assert tray.copy_last.isEnabled()
    tray.copy_last.trigger()
    assert asked == [CopyText("kia ora")]


def test_tray_entry_starts_and_stops_dictation(tray: Tray, texts: Texts, asked: list[Action]) -> None:
    tray.dictate.trigger()
    tray.show_status(Status(View(State.LISTENING), CHOICES))
    assert tray.dictate.text() == texts("action.stop")
    tray.dictate.trigger()
    assert asked == [Verb.START, Verb.STOP]


@pytest.mark.parametrize(
    ("worker", "checked"),
    [
        (WorkerView(), False),
        (WorkerView(LocalWorkerState.DOWNLOADING, percent=40), True),
        (WorkerView(LocalWorkerState.BUSY, "RTX & co"), True),
        (WorkerView(LocalWorkerState.FAILED, "no model"), False),
    ],
)
def test_tray_entry_shows_state_of_recognition(
    tray: Tray, texts: Texts, worker: WorkerView, checked: bool
) -> None:
    tray.show_status(Status(choices=CHOICES, worker=worker))
    assert tray.worker.isChecked() is checked
    assert worker_text(texts, worker).replace("&", "&&") in tray.worker.text()


def test_marks_wait_for_what_they_switch(tray: Tray, asked: list[Action]) -> None:
    tray.worker.trigger()
    tray.pause.trigger()
    assert asked == [SwitchWorker(True), SuspendHotkeys(True)]
    assert not tray.worker.isChecked() and not tray.pause.isChecked()
    tray.show_status(Status(choices=CHOICES, worker=WorkerView(LocalWorkerState.IDLE), paused=True))
    assert tray.worker.isChecked() and tray.pause.isChecked()
    tray.worker.trigger()
    tray.pause.trigger()
    assert asked[2:] == [SwitchWorker(False), SuspendHotkeys(False)]
    assert tray.worker.isChecked() and tray.pause.isChecked()


def test_paused_key_is_reported_in_tool_tip(tray: Tray, texts: Texts) -> None:
    tray.show_status(Status(choices=CHOICES, paused=True))
    assert texts("shell.paused") in shown(tray).toolTip()
    tray.show_status(Status(choices=Choices()))
    assert not tray.pause.isEnabled(), "there is no key to pause"


def test_lending_is_one_entry(tray: Tray, texts: Texts, asked: list[Action], qtbot: QtBot) -> None:
    with qtbot.waitSignal(tray.lend_wanted):
        tray.lend.trigger()
    assert asked == [] and not tray.lend.isCheckable()
    tray.show_lending(LendingView((LentView("a", "Attic & co"), LentView("b", "Lab"))))
    assert (tray.lend.text(), tray.lend.isChecked()) == (texts("lending.title"), False)
    tray.lend.trigger()
    assert asked == [Lend("a", True), Lend("b", True)] and not tray.lend.isChecked()
    tray.show_lending(LendingView((LentView("a", "Attic & co", on=True), LentView("b", "Lab"))))
    assert tray.lend.text().startswith(f"{texts('lending.title')} · ")
    assert tray.lend.isChecked() and "Attic && co" in tray.lend.text() and "Lab" not in tray.lend.text()
    tray.lend.trigger()
    assert asked[2:] == [Lend("a", False), Lend("b", False)]


def test_entry_of_lending_says_that_the_worker_starts_again(tray: Tray, texts: Texts) -> None:
    starting, idle = WorkerView(LocalWorkerState.STARTING), WorkerView(LocalWorkerState.IDLE)
    lab = LentView("b", "Lab", on=True, worker=idle)
    tray.show_lending(LendingView((LentView("a", "Attic", on=True, worker=starting), lab)))
    said = texts("tray.lent-state", name="Attic", state=texts("worker.starting"))
    assert said in tray.lend.text() and "Lab" in tray.lend.text()
    assert texts("worker.starting") not in tray.lend.text().replace(said, "")


def test_entries_and_click_open_windows(tray: Tray, asked: list[Action]) -> None:
    received: list[str] = []
    tray.open_wanted.connect(lambda: received.append("window"))
    tray.monitor_wanted.connect(lambda: received.append("monitor"))
    tray.open.trigger()
    tray.monitor.trigger()
    shown(tray).activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
    shown(tray).activated.emit(QSystemTrayIcon.ActivationReason.Context)
    assert received == ["window", "monitor", "window"]
    tray.quit.trigger()
    assert asked == [Verb.QUIT]


def test_tooltip_counts_recordings_to_recover(tray: Tray, texts: Texts) -> None:
    states = (TakeState.DONE, TakeState.INTERRUPTED, TakeState.FAILED, TakeState.WAITING)
    tray.show_takes(Takes(tuple(TakeView(str(n), 0.0, 1.0, state) for n, state in enumerate(states))))
    assert texts("tray.to-recover", count=2) in shown(tray).toolTip()
    tray.show_takes(Takes())
    assert texts("tray.to-recover", count=2) not in shown(tray).toolTip()


def test_tooltip_shows_state_place_and_unsent_seconds(tray: Tray, texts: Texts) -> None:
    attic = GatewayView("attic", "Attic", "10.0.0.1:8765", chosen=True)
    for gateways, where in (
        (GatewaysView(), texts("place.goes-here")),
        (GatewaysView((attic,), here=False), texts("place.goes-to", destination="Attic")),
        (GatewaysView((attic,), instead_of="Attic"), texts("place.goes-instead", gateway="Attic")),
    ):
        tray.show_status(Status(choices=CHOICES, gateways=gateways))
        assert shown(tray).toolTip() == texts("tray.tooltip", state=texts("state.idle"), where=where)
    tray.show_status(Status(View(State.SENDING, unsent_s=7.6), CHOICES))
    assert texts("state.sending") in shown(tray).toolTip() and "8" in shown(tray).toolTip()


def test_tray_icon_changes_only_with_state_and_theme(tray: Tray, theme: Theme) -> None:
    keys = set()
    for state in State:
        tray.show_status(Status(View(state)))
        keys.add(shown(tray).icon().cacheKey())
        tray.show_status(Status(View(state, seconds=5.0)))
        keys.add(shown(tray).icon().cacheKey())
    assert len(keys) == len(State)
    theme.choose(Scheme.DARK)
    assert shown(tray).icon().cacheKey() not in keys


def test_icon_that_appears_later_shows_present_state(theme: Theme, texts: Texts, asked: list[Action]) -> None:
    tray = Tray(theme, texts, asked.append)
    tray.show_status(Status(View(State.LISTENING), CHOICES))
    assert tray.icon is None
    tray.appear()
    first = shown(tray)
    assert texts("state.listening") in first.toolTip() and not first.icon().isNull()
    assert first.contextMenu() is tray.menu
    tray.vanish()
    tray.vanish()
    tray.appear()
    assert shown(tray) is not first
    tray.vanish()
