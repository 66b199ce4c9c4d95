"""Tray icon with its menu, watchers of the desktop's tray, and notifications.

The notifications are about an absent tray, recordings to recover, a newer version, and changed files of the
running version.
"""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QAction, QGuiApplication, QWindow
from PySide6.QtWidgets import QSystemTrayIcon, QWidget

from app.core.hints import FirstTimes
from app.core.states import RECORDING, State
from app.dictation.actions import CopyText, SuspendHotkeys, Verb
from app.dictation.view import UNRECOGNISED
from app.local_services.worker_view import LocalWorkerState, SwitchWorker
from app.messages.kinds import FILES, Action, Problem, Takes
from app.sharing.view import Lend, LendingView, LentView
from app.ui.computers.wording import destination_text
from app.ui.settings.choices import DICTATE, PASTE_HELD
from app.ui.shell.sidebar import Status, status_word
from app.ui.strings.texts import Texts, joined, key_text, names_text, note_text, to_paste_text, worker_text
from app.ui.theme import icons
from app.ui.theme.theme import Theme
from app.ui.widgets.basic import application, refresh_with, timer
from app.ui.widgets.menus import Menu
from app.ui.widgets.parts import menu_name, worded
from app.updates.view import UpdatesView

_ICON: Final = "QSystemTrayIconSysWindow"
_X11: Final = "xcb"


class TrayFocus(QObject):
    """Watcher that returns the keyboard to ``window``, its parent, after the tray icon has taken it.

    An X11 tray that embeds icons may give ours the focus, as stalonetray does. Qt then delivers all keys to the
    icon, although the window has the X server's focus. Source: XEmbed, "XEMBED_FOCUS_IN".
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        if QGuiApplication.platformName() == _X11:
            application().focusWindowChanged.connect(self._focus_changed)

    def _focus_changed(self, focused: QWindow | None) -> None:
        if focused is not None and focused.objectName() == _ICON and self._window.isVisible():
            focus_again(int(self._window.winId()))


def focus_again(window: int) -> None:
    """Make the X server report the focus of this window again, if it has the focus. Raises nothing."""
    from Xlib import X
    from Xlib.display import Display
    from Xlib.error import DisplayError, XError

    with suppress(DisplayError, XError, OSError):
        display = Display()
        try:
            if getattr(display.get_input_focus().focus, "id", 0) == window:
                for place in (X.PointerRoot, window):
                    display.set_input_focus(place, X.RevertToPointerRoot, X.CurrentTime)
                display.sync()
        finally:
            display.close()


CHECK_MS: Final = 2_000
MISSES: Final = 3
"""A tray counts as gone after this many misses in a row, because Qt itself follows a panel that restarts."""


class TrayWatch(QObject):
    """Watcher that emits ``appeared`` and ``vanished``, and ``absent`` if there is no tray soon after the start.

    ``present``: ``None`` until it is known.
    """

    appeared = Signal()
    vanished = Signal()
    absent = Signal()

    def __init__(
        self, available: Callable[[], bool] = QSystemTrayIcon.isSystemTrayAvailable, every_ms: int = CHECK_MS
    ) -> None:
        super().__init__()
        self._available = available
        self._missed = 0
        self.present: bool | None = None
        self._timer = timer(self, every_ms, self.check, once=False)

    def begin(self) -> None:
        """Check now, and periodically from now on."""
        self.check()
        self._timer.start()

    def check(self) -> None:
        """Emit a signal if the tray has appeared or vanished."""
        if self._available():
            self._missed = 0
            if not self.present:
                self.present = True
                self.appeared.emit()
            return
        self._missed += 1
        if self._missed < MISSES:
            return
        before, self.present = self.present, False
        if before:
            self.vanished.emit()
        elif before is None:
            self.absent.emit()


MENU_CLOSES_MS: Final = 200
"""Delay before pasting, because a desktop panel returns the focus slightly after it reports the click."""
_DICTATING: Final = RECORDING | {State.SENDING, State.WAITING, State.INSERTING}


class Tray(QObject):
    """Icon and menu of the tray; check marks follow the state in effect, not the click.

    ``open_wanted``: emitted when the user wants the window.
    ``lend_wanted``: emitted when the user wants to lend this computer for the first time.
    """

    open_wanted = Signal()
    monitor_wanted = Signal()
    lend_wanted = Signal()

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._theme, self._texts, self._ask = theme, texts, ask
        self._status, self._lending, self._last, self._unrecognised = Status(), LendingView(), "", 0
        self._drawn: tuple[State, bool] | None = None
        self.icon: QSystemTrayIcon | None = None
        self.menu, self.tip = Menu(), ""
        self.open = self._entry(self.open_wanted.emit, "tray.open")
        self.dictate = self._entry(lambda: ask(Verb.STOP if self._status.view.state in RECORDING else Verb.START))
        self.copy_last = self._entry(lambda: ask(CopyText(self._last)), "tray.copy-last")
        self.paste = self._entry(
            lambda: QTimer.singleShot(MENU_CLOSES_MS, lambda: ask(Verb.PASTE_HELD)), "action.paste"
        )
        self.menu.addSeparator()
        self.monitor = self._entry(self.monitor_wanted.emit, "page.monitor")
        self.worker = self._entry(self._switch_worker)
        self.lend = self._entry(self._switch_lending)
        self.pause = self._entry(self._switch_keys, "shell.pause")
        for entry in (self.worker, self.pause):
            entry.setCheckable(True)
        self.menu.addSeparator()
        self.quit = self._entry(lambda: ask(Verb.QUIT), "action.quit")
        theme.changed.connect(self._redraw)
        refresh_with(self.refresh, texts)

    # -- icon ----------------------------------------------------------------------------------------------

    def appear(self) -> None:
        """Show a new icon in the current tray, because Qt detects the kind of tray only for a new icon."""
        self.vanish()
        self.icon = icon = QSystemTrayIcon(self)
        icon.setContextMenu(self.menu)
        icon.setToolTip(self.tip)
        icon.activated.connect(self._icon_clicked)
        self._redraw()
        icon.show()

    def vanish(self) -> None:
        """Remove the icon; safe to call twice."""
        if self.icon is not None:
            self.icon.hide()
            self.icon.deleteLater()
            self.icon = None

    def _icon_clicked(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason == QSystemTrayIcon.ActivationReason.Trigger:  # the system opens the menu itself
            self.open_wanted.emit()

    def _redraw(self) -> None:
        self._drawn = None
        self._show()

    # -- values --------------------------------------------------------------------------------------------

    def show_status(self, status: Status) -> None:
        """Update the icon, the tool tip and the entries; cheap enough to call twenty times a second."""
        if status != self._status:
            self._status = status
            self._show()

    def show_lending(self, view: LendingView) -> None:
        """Show for which computers this one recognises."""
        self._lending = view
        self._show_lending()

    def show_takes(self, takes: Takes) -> None:
        """Store the newest text, which a menu entry copies, and the number of recordings to recover."""
        self._last = next((take.text for take in takes.views if take.text), "")
        self._unrecognised = sum(take.state in UNRECOGNISED for take in takes.views)
        self.copy_last.setEnabled(bool(self._last))
        self._show_tip()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        self.copy_last.setEnabled(bool(self._last))
        self._show_lending()
        self._show()

    def _show(self) -> None:
        texts, status, view = self._texts, self._status, self._status.view
        self.dictate.setText(texts("action.stop" if view.state in RECORDING else "action.start"))
        offered = view.note is not None and view.note.key == "insert-ready"
        self.paste.setVisible(bool(view.held or view.earlier or offered))
        self.worker.setText(menu_name(texts("tray.worker", state=worker_text(texts, status.worker))))
        self.worker.setChecked(status.worker.works)
        self.pause.setChecked(status.paused)
        self.pause.setEnabled(status.paused or bool(status.choices.works(DICTATE)))
        self._show_tip()
        if self.icon is not None and self._drawn != (drawn := (status.shape, bool(round(view.unsent_s)))):
            self._drawn = drawn
            self.icon.setIcon(icons.tray_icon(drawn[0], self._theme.colours, unsent=drawn[1]))

    def _show_tip(self) -> None:
        texts, status, unsent = self._texts, self._status, round(self._status.view.unsent_s)
        paste_key = key_text(texts, status.choices.works(PASTE_HELD))
        to_recover = texts("tray.to-recover", count=self._unrecognised) if self._unrecognised else ""
        state = joined(status_word(texts, status), to_paste_text(texts, status.view, paste_key), to_recover)
        where = destination_text(texts, status.gateways)
        text = texts("tray.tooltip-unsent", state=state, seconds=unsent, where=where) if unsent else ""
        tip = text or texts("tray.tooltip", state=state, where=where)
        if tip != self.tip:
            self.tip = tip
            if self.icon is not None:
                self.icon.setToolTip(tip)

    def _show_lending(self) -> None:
        texts, lent = self._texts, self._lending.lent
        names = names_text(texts, (_lent_name(texts, one) for one in lent if one.on))
        text = texts("tray.lent", computers=names) if names else texts("lending.title" if lent else "lending.add")
        self.lend.setText(menu_name(text))
        self.lend.setCheckable(bool(lent))
        self.lend.setChecked(bool(names))

    # -- user actions --------------------------------------------------------------------------------------

    def _switch_worker(self) -> None:
        on = not self._status.worker.works
        self._show()
        self._ask(SwitchWorker(on))

    def _switch_keys(self) -> None:
        on = not self._status.paused
        self._show()
        self._ask(SuspendHotkeys(on))

    def _switch_lending(self) -> None:
        lent = self._lending.lent
        on = not any(one.on for one in lent)
        self._show_lending()
        for one in lent:
            self._ask(Lend(one.id, on))
        if not lent:
            self.lend_wanted.emit()

    def _entry(self, do: Callable[[], object], key: str = "") -> QAction:
        entry = worded(self._texts, self.menu.addAction(""), key)
        entry.triggered.connect(lambda: do())
        return entry


def _lent_name(texts: Texts, lent: LentView) -> str:
    """Return the name of a computer, with the state of the worker for it unless that is ready."""
    state = lent.worker.state
    if state in (LocalWorkerState.IDLE, LocalWorkerState.BUSY):
        return lent.name
    return texts("tray.lent-state", name=lent.name, state=texts(f"worker.{state.value}"))


Send = Callable[[str, str], "Future[bool]"]
"""Sends a notification with heading and text; the result is whether the desktop shows it."""


class AbsentTray(QObject):
    """Notification for desktops without a tray; ``open_window`` is called if it cannot be shown."""

    _sent = Signal(bool)

    def __init__(self, texts: Texts, once: FirstTimes, send: Send, open_window: Callable[[], None]) -> None:
        super().__init__()
        self._texts, self._once, self._send, self._open = texts, once, send, open_window
        self._owes_window, self._busy = False, False
        self._sent.connect(self._note_outcome)

    def notify(self) -> None:
        """Send the notification, unless it was shown before."""
        if self._once.left:
            sending = self._send(self._texts("absent-tray.heading"), self._texts("absent-tray.says"))
            sending.add_done_callback(self._pass_outcome_on)

    def _pass_outcome_on(self, sending: "Future[bool]") -> None:
        """Pass the outcome to Qt's thread."""
        self._sent.emit(not sending.cancelled() and sending.exception() is None and sending.result())

    def _note_outcome(self, shown: bool) -> None:
        if shown:
            self._once.count()
        else:
            self._owes_window = True
            self._open_if_free()

    def show_status(self, status: Status) -> None:
        """Record whether the user dictates; the window opens afterwards, because it would take the focus."""
        self._busy = status.view.state in _DICTATING
        self._open_if_free()

    def _open_if_free(self) -> None:
        if self._owes_window and not self._busy:
            self._owes_window = False
            self._open()


class RecoveryNotice:
    """Sender of a notification at the start if the newest recording was never recognised, as after a crash.

    Later the user knows. ``seen``: returns whether the window, which shows it, is open.
    """

    def __init__(self, texts: Texts, send: Callable[[str, str], object], seen: Callable[[], bool]) -> None:
        self._texts, self._send, self._seen = texts, send, seen
        self._first = True

    def show_takes(self, takes: Takes) -> None:
        """Send the notification if the first list of recordings begins with such a recording."""
        first, self._first = self._first, False
        if first and takes.views and takes.views[0].state in UNRECOGNISED and not self._seen():
            self._send(self._texts("recovery-notice.heading"), self._texts("recovery-notice.says"))


class UpdateNotice:
    """Sender of notifications about a newer version, and about changed files of the running one.

    If none can be shown, the menu and the settings still show the version, and the window the change.
    """

    def __init__(self, texts: Texts, send: Callable[[str, str], object]) -> None:
        self._texts, self._send = texts, send

    def show_updates(self, view: UpdatesView) -> None:
        """Send a notification if the view requests one."""
        if view.announce and view.release is not None:
            versions = {"new": view.release.version, "version": view.installed}
            self._send(self._texts("updates.heading", **versions), self._texts("updates.says", **versions))

    def show_problem(self, problem: Problem) -> None:
        """Send a notification if the program's files have changed, because the window may be hidden for days."""
        if problem.about == FILES and problem.note is not None:
            self._send("kikipounamu", note_text(self._texts, problem.note))
