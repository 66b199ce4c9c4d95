"""Status line in the window, and the controls behind it."""

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.core.states import State
from app.dictation.hotkey_test import KeysSeen
from app.dictation.view import View
from app.gateways.view import GatewaysView, GatewayView
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.messages.kinds import Action
from app.ui.settings.choices import Choices
from app.ui.shell.popover import Popover, StatusBoard
from app.ui.shell.shell import Shell
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme


def opened(board: StatusBoard) -> Popover | None:
    return board.popover


def test_values_reach_line_and_open_controls(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    asked: list[Action] = []
    looked: list[bool] = []
    shell = Shell(theme, texts, asked.append)
    qtbot.addWidget(shell)
    board = StatusBoard(theme, texts, asked.append, shell)
    board.opened.connect(looked.append)
    shell.show()
    assert opened(board) is None, "it costs nothing until it is opened"
    assert board.line.word.text() == texts("worker.starting"), "the app does not dictate yet"
    board.show_choices(Choices((("usb", "USB"),), "usb", keys={"dictate": "f9"}))
    assert board.status.shape is State.ARMING
    board.show_view(View(State.WAITING))
    board.show_worker(WorkerView(LocalWorkerState.IDLE))
    board.show_gateways(GatewaysView((GatewayView("attic", "Attic", "", True),), here=False))
    board.show_problem("Trouble")
    assert board.line.means.accessibleName() == "USB · Attic"
    assert board.line.word.text() == texts("state.waiting") and board.line.trouble.accessibleName() == "Trouble"
    board.line.click()
    popover = opened(board)
    assert popover is not None and popover.isVisible() and looked == [True]
    assert popover.place.currentText() == "Attic" and popover.key.binding == "f9"
    board.show_keys(KeysSeen(paused=True))
    board.show_view(View())
    assert popover.pause.isChecked() and board.line.word.text() == texts("shell.paused")
    board.line.click()
    assert not popover.isVisible() and looked == [True, False]


def test_controls_close_when_page_changes(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    shell = Shell(theme, texts, lambda action: None)
    qtbot.addWidget(shell)
    for name in ("home", "files"):
        shell.add(name, QLabel(name))
    board = StatusBoard(theme, texts, lambda action: None, shell)
    shell.show()
    changes: list[Callable[[], None]] = [
        partial(shell.choose, "files"),
        partial(shell.cover, QLabel("first steps")),
    ]
    for happens in changes:
        board.line.click()
        popover = opened(board)
        assert popover is not None and popover.isVisible()
        happens()
        assert not popover.isVisible()
