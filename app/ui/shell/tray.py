"""Tray icon and its menu, in which everything is at most two clicks away."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from app.core.states import RECORDING, State
from app.dictation.actions import Verb
from app.dictation.view import View
from app.gateways.view import GatewaysView
from app.local_services.worker_view import LocalWorkerState, SwitchWorker, WorkerView
from app.messages.actions import Action
from app.messages.notifications import Takes
from app.settings.actions import MICROPHONE, ChangeSetting
from app.ui.computers.menu import GatewaysMenu
from app.ui.computers.tray_entries import LentEntries
from app.ui.dictation.held_menu import MENU_CLOSES_MS, HeldMenu
from app.ui.settings.choices import PASTE_HELD, Choices, microphone_entries
from app.ui.shell.pages import HISTORY, SETTINGS
from app.ui.strings.texts import Texts
from app.ui.strings.wording import key_text, state_text, to_paste, worker_text
from app.ui.theme import icons
from app.ui.theme.theme import Theme
from app.ui.widgets.untrusted_text import menu_name

INSERT_READY = "insert-ready"


def available() -> bool:
    """Return True if this desktop has a tray; without a tray the main window does everything."""
    return QSystemTrayIcon.isSystemTrayAvailable()


class Tray(QSystemTrayIcon):
    """Tray icon; ``open_window`` shows the window on the named page, or on its last page for an empty name."""

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[Action], None],
        open_window: Callable[[str], None],
        open_monitor: Callable[[], None],
    ) -> None:
        super().__init__()
        self._theme, self._texts, self._ask = theme, texts, ask
        self._view, self._worker, self._choices = View(), WorkerView(), Choices()
        self._open_window, self._group = open_window, QActionGroup(self)
        self._drawn: tuple[State, bool] | None = None
        self.menu = QMenu()
        self.dictate = self._entry(lambda: ask(Verb.STOP if self._view.state in RECORDING else Verb.START))
        self.insert_ready = self._entry(lambda: ask(Verb.INSERT_READY))
        self.paste_held = self._entry(lambda: QTimer.singleShot(MENU_CLOSES_MS, lambda: ask(Verb.PASTE_HELD)))
        self.held = HeldMenu(texts, ask)
        self.menu.addMenu(self.held)
        self.menu.addSeparator()
        self.microphones, self.gateways = self.menu.addMenu(""), GatewaysMenu(texts, ask)
        self.menu.addMenu(self.gateways)
        self.worker = self._entry(self._switch_worker)
        self.worker.setCheckable(True)
        self.lent = LentEntries(self.menu, self.menu.addSeparator(), texts)
        self.monitor = self._entry(open_monitor)
        self.history, self.settings = (self._entry(partial(open_window, page)) for page in (HISTORY, SETTINGS))
        self.menu.addSeparator()
        self.quit = self._entry(lambda: ask(Verb.QUIT))
        self.setContextMenu(self.menu)
        self.activated.connect(self._clicked)
        theme.changed.connect(self._redraw)
        texts.changed.connect(self.refresh)
        self.refresh()

    def show_view(self, view: View) -> None:
        """Update icon, tool tip and the actions possible now."""
        self._view, texts = view, self._texts
        state, unsent = state_text(texts, view.state), round(view.unsent_s)
        where = self.gateways.where
        state = " · ".join((state, *to_paste(texts, view, self._paste_key)))
        said = texts("tray.tooltip-unsent", state=state, seconds=unsent, where=where) if unsent else ""
        if (tip := said or texts("tray.tooltip", state=state, where=where)) != self.toolTip():
            self.setToolTip(tip)
        self.dictate.setText(texts("action.stop" if view.state in RECORDING else "action.start"))
        self.paste_held.setVisible(bool(view.held))
        self.insert_ready.setVisible(view.note is not None and view.note.key == INSERT_READY)
        if self._drawn != (look := (view.state, bool(unsent))):
            self._drawn = look
            self.setIcon(icons.tray_icon(view.state, self._theme.colours, unsent=bool(unsent)))

    def show_worker(self, worker: WorkerView) -> None:
        """Show the worker's state; the mark follows the worker, not the click."""
        self._worker = worker
        self.worker.setText(menu_name(self._texts("worker.stated", state=worker_text(self._texts, worker))))
        self.worker.setChecked(worker.state not in {LocalWorkerState.OFF, LocalWorkerState.FAILED})

    def show_gateways(self, view: GatewaysView) -> None:
        """Show the gateway in use and the choices."""
        self.gateways.show_gateways(view)
        self.show_view(self._view)

    def show_choices(self, choices: Choices) -> None:
        """List the microphones and mark the chosen one."""
        if choices != self._choices:
            self._choices = choices
            self._fill_microphones()
            self.show_view(self._view)

    @property
    def _paste_key(self) -> str:
        return key_text(self._texts, self._choices.works(PASTE_HELD))

    def show_takes(self, takes: Takes) -> None:
        """Offer the held texts of these takes."""
        self.held.show_takes(takes.views)

    def refresh(self) -> None:
        """Update all texts to the current language."""
        texts = self._texts
        self.microphones.setTitle(texts("tray.microphone"))
        self.gateways.refresh()
        self.monitor.setText(texts("tray.monitor"))
        self.history.setText(texts("tray.history"))
        self.settings.setText(texts("tray.settings"))
        self.quit.setText(texts("action.quit"))
        self.paste_held.setText(texts("action.paste-held"))
        self.held.refresh()
        self.insert_ready.setText(texts("action.insert-ready"))
        self._fill_microphones()
        self.show_worker(self._worker)
        self.show_view(self._view)

    def _clicked(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason == QSystemTrayIcon.ActivationReason.Trigger:  # the system opens the menu itself
            self._open_window("")

    def _redraw(self) -> None:
        self._drawn = None
        self.show_view(self._view)

    def _fill_microphones(self) -> None:
        choices, texts = self._choices, self._texts
        self.microphones.clear()
        self._group.deleteLater()
        self._group = QActionGroup(self)
        for choice, name in microphone_entries(texts, choices):
            entry = self.microphones.addAction(menu_name(name))
            entry.setCheckable(True)
            entry.setChecked(choice == choices.microphone)
            entry.triggered.connect(lambda _=False, choice=choice: self._ask(ChangeSetting(MICROPHONE, choice)))
            self._group.addAction(entry)

    def _switch_worker(self) -> None:
        wanted = self.worker.isChecked()
        self.show_worker(self._worker)
        self._ask(SwitchWorker(wanted))

    def _entry(self, do: Callable[[], object]) -> QAction:
        entry = self.menu.addAction("")
        entry.triggered.connect(lambda: do())
        return entry
