"""Keeper of the status: passes its changes to the status line and to the controls behind it."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from app.dictation.hotkey_test import KeysSeen
from app.dictation.view import View
from app.gateways.view import GatewaysView
from app.local_services.worker_view import WorkerView
from app.messages.actions import Action
from app.ui.settings.choices import Choices
from app.ui.shell.popover import Popover
from app.ui.shell.shell import Shell
from app.ui.shell.status import Status, StatusLine
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme


class StatusBoard(QObject):
    """Owner of the status line at the foot of the sidebar.

    The controls behind it are created when they are opened first. ``changed``: carries each new status.
    ``looks``: emitted with True when the controls open, and with False when they close. ``add``: emitted when the
    user wants to pair another computer.
    """

    changed = Signal(object)
    looks = Signal(bool)
    add = Signal()

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None], shell: Shell) -> None:
        super().__init__(shell)
        self._theme, self._texts, self._ask, self._shell = theme, texts, ask, shell
        self.status = Status()
        self.line = StatusLine(theme, texts)
        self.popover: Popover | None = None
        self.line.clicked.connect(self.open)
        shell.sidebar.put(self.line)
        shell.seen.connect(self._close)

    def open(self) -> None:
        """Open or close the controls."""
        if self.popover is None:
            self.popover = Popover(self._theme, self._texts, self._ask, self._shell)
            self.popover.looks.connect(self.looks)
            self.popover.add.connect(self.add)
        self.popover.show_status(self.status)
        self.popover.open(self.line)

    def change_key(self) -> None:
        """Open the controls and record a new dictation key."""
        if self.popover is None or not self.popover.isVisible():
            self.open()
        assert self.popover is not None
        self.popover.key.setFocus()
        self.popover.key.click()

    def show_view(self, view: View) -> None:
        """Show the state of dictation; cheap enough to call twenty times a second."""
        self._show(replace(self.status, view=view))

    def show_worker(self, worker: WorkerView) -> None:
        """Show the state of recognition on this computer."""
        self._show(replace(self.status, worker=worker))

    def show_gateways(self, gateways: GatewaysView) -> None:
        """Show where speech is recognised."""
        self._show(replace(self.status, gateways=gateways))

    def show_keys(self, keys: KeysSeen) -> None:
        """Show whether the hotkeys are paused."""
        self._show(replace(self.status, paused=keys.paused))

    def show_choices(self, choices: Choices) -> None:
        """Show the settings in effect."""
        self._show(replace(self.status, choices=choices))

    def show_problem(self, text: str) -> None:
        """Show a problem; an empty text removes it."""
        self._show(replace(self.status, problem=text))

    def _close(self, page: str) -> None:
        """Close the controls when another page, or a cover such as the first steps, comes to the front."""
        if self.popover is not None:
            self.popover.hide()

    def _show(self, status: Status) -> None:
        self.status = status
        self.line.show_status(status)
        self.changed.emit(status)
        if self.popover is not None:
            self.popover.show_status(status)
