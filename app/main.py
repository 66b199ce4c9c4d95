"""Run the desktop app: Qt in the main thread, everything else in the event loop of another thread.

Calls go down through ``loop.call`` and ``loop.submit``, values come up through one bridge. The window opens first:
most imports are needed only by the app and happen in the loop's thread.
"""

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication

from app.control.client import handed_over
from app.core.errors import AppError
from app.core.first_times import FirstTimes
from app.core.identity import APP_ID
from app.core.shown_once import ShownOnce
from app.desktop.view import DesktopView, LinesState
from app.dictation.actions import Verb
from app.dictation.hotkey_test import KeysSeen
from app.messages.actions import Action
from app.messages.notifications import Devices, News, Post, Problem, WindowWanted
from app.messages.registry import Registry
from app.settings.path import settings_place
from app.settings.sections import Settings
from app.system.launcher import keep_launcher
from app.system.notification import notify
from app.ui.dictation.announcer import Announcer, speak_from
from app.ui.dictation.overlay import Overlay
from app.ui.dictation.overlay_window import OverlayWindow, possible
from app.ui.settings.choices import HOTKEYS, PASTE_HELD, UNHEARD, Choices
from app.ui.settings.known_keys import KnownKeys
from app.ui.shell import tray
from app.ui.shell.absent_tray import AbsentTray
from app.ui.shell.bridge import Bridge
from app.ui.shell.clipboard import QtClipboard
from app.ui.shell.compositing import blends
from app.ui.shell.pages import SETTINGS, Pages
from app.ui.shell.return_presses import ReturnPresses
from app.ui.shell.tray_watch import TrayWatch
from app.ui.shell.update_notice import UpdateNotice
from app.ui.strings.texts import Texts
from app.ui.strings.wording import key_text, note_text
from app.ui.theme.theme import SCHEMES, Theme
from runtime import logger_names
from runtime.event_names import LogEvent
from runtime.folders import folders
from runtime.garbage import collect_seldom
from runtime.logger import get_logger
from runtime.logs import logging_to
from runtime.loop_thread import LoopThread

if TYPE_CHECKING:
    from app.application import Application
    from app.ui.dictation.overlay_wayland import WaylandOverlay

log = get_logger(logger_names.APP_MAIN)

FAILED = 1
_STARTING_S = 5.0
_SETTLED_MS = 10_000
_SWITCH_S = 0.001

_MOST_EARLY = 64

MakeApplication = Callable[[Post], "Application"]
"""Called in the loop's thread. It may be slow, because the window is already open."""


@dataclass(frozen=True)
class ApplicationCreated:
    """Notification that the app has been created."""

    app: "Application"


class ApplicationEnded:
    """Notification that the app has ended."""


class Windows:
    """All windows of the app.

    ``receive`` shows the values that the app reports, and handles its start and its end.
    """

    def __init__(self, application: QApplication, loop: LoopThread, texts: Texts, theme: Theme) -> None:
        self._application = application
        self._loop = loop
        self._texts, self._theme = texts, theme
        self._devices, self._settings = Devices(), Settings()
        self._problems: dict[str, Problem] = {}
        self._paused, self._known = False, KnownKeys()
        self.app: Application | None = None
        self._early: deque[Action] = deque(maxlen=_MOST_EARLY)
        self.pages = Pages(theme, texts, self.ask, closing=ShownOnce(folders().data / "closing-told"))
        self.shell, self.home = self.pages.shell, self.pages.home
        if not settings_place().exists():  # before the app reports its settings
            self.pages.first_steps.open()
        self.shell.seen.connect(lambda page: self._look_at_microphones() if page == SETTINGS else None)
        self.pages.status.looks.connect(lambda on: self._look_at_microphones() if on else None)
        self.announcer = Announcer(texts, speak_from(self.home))
        self.overlay = overlay(theme, texts, folders().data / "cancel-told")
        self.tray, self.tray_watch = tray.Tray(theme, texts, self.ask), TrayWatch(tray.available)
        once = ShownOnce(folders().data / "absent-tray-told")
        self.absent_tray = AbsentTray(texts, once, lambda *said: loop.submit(notify(*said)), self._open_hidden)
        self.update_notice = UpdateNotice(texts, lambda *said: loop.submit(notify(*said)))
        self._connect_tray()
        self.receive = self._registry()

    def _connect_tray(self) -> None:
        self.pages.status.changed.connect(self.tray.show_status)
        self.pages.computers.lending_shown.connect(self.tray.show_lending)
        self.tray.opens.connect(self.open)
        self.tray.monitors.connect(self.pages.open_monitor)
        self.tray.lends.connect(self.pages.lend)
        self.tray_watch.appeared.connect(self.tray.appear)
        self.tray_watch.vanished.connect(self.tray.vanish)
        for present, happens in ((True, self.tray_watch.appeared), (False, self.tray_watch.vanished)):
            happens.connect(partial(self.shell.show_tray, present))
        self.shell.show_tray(False)
        self.tray_watch.vanished.connect(self.absent_tray.tell)
        self.tray_watch.absent.connect(self.absent_tray.tell)
        self.tray_watch.begin()

    def ask(self, action: Action) -> None:
        """Pass an action to the app, or queue it until the app exists."""
        if action is Verb.QUIT:
            self.shell.hide()  # save edits before the app ends
        if self.app is None:
            self._early.append(action)
        else:
            self._loop.call(self.app.ask, action)

    def open(self, page: str = "") -> None:
        """Show the window, optionally on a certain page."""
        self._look_at_microphones()
        self.shell.appear(page)

    def _open_hidden(self) -> None:
        """Open the window unless it is open: then the user may be busy elsewhere."""
        if not self.shell.isVisible():
            self.open()

    def _registry(self) -> Registry[News | ApplicationCreated | ApplicationEnded]:
        registry = (
            self.pages.shows.add(self._begin)
            .add(self._end)
            .add(self._show_window)
            .add(self._show_devices)
            .add(self._show_settings)
            .add(self._show_problem)
            .add(self._show_keys)
            .add(self._show_desktop)
            .add(self.announcer.show_view)
            .add(self.overlay.show_view)
            .add(self.update_notice.show_updates)
        )
        return registry.add(self.tray.show_takes)

    def _begin(self, begun: ApplicationCreated) -> None:
        self.app = begun.app
        while self._early:
            self.ask(self._early.popleft())

    def _end(self, gone: ApplicationEnded) -> None:
        self._application.exit()  # quit() would ask each window, and a window may refuse

    def _show_window(self, wanted: WindowWanted) -> None:
        self._look_at_microphones()

    def _show_devices(self, devices: Devices) -> None:
        self._devices = devices
        self._show_choices()

    def _show_settings(self, settings: Settings) -> None:
        self._settings = settings
        self._texts.choose(settings.general.language)
        self._theme.choose(SCHEMES[settings.general.theme])
        self._theme.choose_text_size(settings.general.text_size)
        self.overlay.choose_place(settings.general.overlay)
        logging.getLogger().setLevel(settings.advanced.log_level)
        self._show_choices()

    def _show_problem(self, problem: Problem) -> None:
        """Show the first problem; the next one follows when it is solved."""
        self._problems[problem.about] = problem
        if problem.about == HOTKEYS:
            self._known.refused(problem.note)
            if problem.note and self._known.solved:
                return self.receive(Problem(HOTKEYS))
        notes = ((problem.text, problem.note) for problem in self._problems.values())
        said = (note_text(self._texts, note) if note else text for text, note in notes)
        first = next(filter(None, said), "")
        self.home.show_problem(first)
        self.pages.status.show_problem(first)
        if problem.about == HOTKEYS:
            self._show_choices()

    def _show_keys(self, keys: KeysSeen) -> None:
        """Name no key that is paused, and the keys that the desktop chose."""
        if (keys.paused, keys.assigned) != (self._paused, self._known.assigned):
            self._paused, self._known.assigned = keys.paused, dict(keys.assigned)
            self._show_choices()
        self._show_reported(keys.commanded)

    def _show_desktop(self, view: DesktopView) -> None:
        self._known.nameless = view.lines is not None and view.lines.compositor is None
        if view.lines is not None and view.lines.state is LinesState.WRITTEN:
            self._show_reported(set(self._settings.hotkeys.bindings) - set(view.lines.missing))

    def _show_reported(self, actions: Iterable[str]) -> None:
        """Name keys that lines of the desktop's configuration report; they solve the lack of hotkeys."""
        if self._known.reported(actions):
            if self._known.solved:
                self.receive(Problem(HOTKEYS))
            self._show_choices()

    def _look_at_microphones(self) -> None:
        if self.app is not None:
            self._loop.call(self.app.look_at_microphones)

    def _show_choices(self) -> None:
        settings, devices, unheard = self._settings, self._devices, self._problems.get(HOTKEYS)
        choices = Choices(
            microphones=devices.microphones,
            microphone=settings.audio.microphone,
            default_microphone=devices.default,
            mode=settings.hotkeys.mode,
            keys=self._known.of(settings.hotkeys.bindings),
            language=settings.general.language,
            paused=self._paused,
            heard=unheard is None or unheard.note is None or unheard.note.key not in UNHEARD,
        )
        self.announcer.wanted = settings.general.announce
        self.announcer.paste_key = key_text(self._texts, choices.works(PASTE_HELD))
        self.home.show_choices(choices)
        self.pages.status.show_choices(choices)
        self.pages.first_steps.show(choices)
        self.overlay.show_choices(choices)


def overlay(theme: Theme, texts: Texts, hint: Path) -> "Overlay | WaylandOverlay":
    """Return the overlay of this desktop; ``hint``: the file that counts how often a key was named."""
    if not possible():
        from app.ui.dictation.overlay_wayland import WaylandOverlay

        return WaylandOverlay(theme, texts, os.environ, hint)
    return Overlay(theme, texts, OverlayWindow(texts("overlay.name"), blended=blends()), hint=FirstTimes(hint))


def run(make_application: MakeApplication, *, hidden: bool = False) -> int:
    """Run the app until the user quits, and return the exit status.

    ``hidden``: start without a window.
    """
    application = QApplication(sys.argv[:1])
    application.setApplicationName("kikipounamu")
    application.setDesktopFileName(APP_ID)  # Wayland takes the window's icon from there
    application.setQuitOnLastWindowClosed(False)
    theme, texts = Theme(), Texts()
    theme.dress(application)
    ReturnPresses(application)
    with logging_to("desktop", folders().logs), LoopThread("app") as loop:
        windows = Windows(application, loop, texts, theme)
        bridge = Bridge(windows.receive)
        clipboard = QtClipboard(application.clipboard())
        running = loop.submit(_run(make_application, bridge, clipboard))
        running.add_done_callback(lambda _: bridge.post(ApplicationEnded()))
        if not hidden:
            windows.open()
        _spare_qt()
        with signals_quit(windows.ask):
            application.exec()
        loop.close()
        windows.overlay.close()
        return _status(running, hidden=hidden)


def _write_launcher() -> None:
    """Add the app to the desktop's programs; where that is refused, it can still be started from a terminal."""
    with suppress(AppError):
        keep_launcher()


def _spare_qt() -> None:
    """Keep other Python work in this process from delaying the windows."""
    sys.setswitchinterval(_SWITCH_S)  # each Qt event enters Python many times and waited 5 ms each time
    # Collect garbage less often and skip imported modules: scanning them blocks everything for 60 ms.
    collect_seldom()
    QTimer.singleShot(_SETTLED_MS, gc.freeze)  # recognition has been imported by then


async def _run(make_application: MakeApplication, bridge: Bridge, clipboard: QtClipboard) -> AppError | None:
    """Run the app until it ends.

    Return an error that the user can resolve instead of raising it.
    """
    await asyncio.to_thread(_write_launcher)  # portals know the app by it
    app = make_application(bridge.post)
    app.clipboard = clipboard
    bridge.post(ApplicationCreated(app))  # requests arrive once it runs, because they are queued for this thread
    try:
        await app.run()
    except AppError as error:
        log.warning(LogEvent.APP_CANNOT_RUN, reason=str(error))
        return error
    return None


def _status(running: "Future[AppError | None]", *, hidden: bool) -> int:
    """Return the exit status of an app that has ended, printing an error that the user can resolve."""
    from app.control.server import AlreadyRunning

    try:
        error = running.result(0)
    except CancelledError:
        return 0
    except Exception:  # noqa: BLE001 - the top of the process: the loop's thread has logged it
        return FAILED
    if isinstance(error, AlreadyRunning):  # another app started at the same time
        status = handed_over(hidden=hidden, patience_s=_STARTING_S)
        if status is not None:
            return status
    if error is not None:
        sys.stderr.write(f"{error}\n")
        return FAILED
    return 0


@contextmanager
def signals_quit(ask: Callable[[Action], None]) -> Iterator[None]:
    """Quit on Ctrl-C and SIGTERM.

    The second signal leaves at once. Python runs signal handlers only between its own instructions, and Qt may
    run none for hours. Therefore the signal number arrives through a socket that Qt waits for.
    """
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    before = signal.set_wakeup_fd(writing.fileno())
    handlers = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    notifier = QSocketNotifier(reading.fileno(), QSocketNotifier.Type.Read)

    def come() -> None:
        for _ in reading.recv(16):
            ask(Verb.QUIT)

    notifier.activated.connect(come)
    try:
        yield
    finally:
        notifier.setEnabled(False)
        signal.set_wakeup_fd(before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        reading.close()
        writing.close()
