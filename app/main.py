"""Run the desktop app: Qt in the main thread, everything else in the event loop of another thread.

Calls go down through ``loop.call`` and ``loop.submit``, values come up through one bridge. The first page opens
first: other pages are imported when it is visible, and what only the app needs is imported in the loop's thread.
"""

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import QSocketNotifier, QTimer

from app.control.client import hand_over
from app.core.errors import AppError
from app.core.hints import FirstTimes
from app.core.identity import APP_ID
from app.core.problem_notes import note_of
from app.core.sentences import LANGUAGES
from app.dictation.actions import Verb
from app.messages.kinds import Action, ActionQueue, Post
from app.settings.path import read_appearance, settings_place
from app.system.autostart import keep_launcher
from app.ui import qt_start
from app.ui.shell.bridge import Bridge
from app.ui.shell.clipboard import QtClipboard
from app.ui.shell.front import Front
from app.ui.shell.garbage import GarbageCollection
from app.ui.shell.own_field import OwnField
from app.ui.shell.shell import ReturnPresses
from app.ui.strings.texts import QtWords, Texts, note_text
from app.ui.theme.theme import SCHEMES, TEXT_SIZES, Theme
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.folders import folders, is_refused, refusal
from runtime.logs import logging_to
from runtime.loop_thread import LoopThread
from runtime.memory import share_heaps

log = loggers.APP_MAIN


if TYPE_CHECKING:
    from app.application import Application


FAILED = 1
_STARTING_S = 5.0
_SETTLED_MS = 10_000
_SWITCH_S = 0.001

MakeApplication = Callable[[Post], "Application"]
"""Called in the loop's thread. It may be slow, because the window is already open."""


def run(make_application: MakeApplication, *, hidden: bool = False) -> int:
    """Run the app until the user quits, and return the exit status.

    ``hidden``: start without a window.
    """
    share_heaps()
    application = qt_start.start()
    GarbageCollection(application)
    application.setApplicationName("kikipounamu")
    application.setDesktopFileName(APP_ID)  # Wayland takes the window's icon from there
    application.setQuitOnLastWindowClosed(False)
    theme, texts, actions = Theme(), Texts(), ActionQueue()
    choose_appearance(theme, texts)
    theme.dress(application)
    QtWords(application, texts)
    ReturnPresses(application)
    with logging_to("desktop", folders().logs), LoopThread("app") as loop:
        front = Front(theme, texts, actions.ask, FirstTimes(folders().data / "closing-told", 1))
        if not settings_place().exists():  # before the app reports its settings
            front.first_steps.open()
        with signals_quit(front.ask):
            if not hidden:
                front.appear()
            from app import windows  # late: a window is visible now

            shown = windows.Windows(loop, actions, front, texts, theme)
            bridge = Bridge(shown.receive)
            clipboard = QtClipboard(application.clipboard())
            running = loop.submit(_run(make_application, bridge, clipboard, OwnField()))
            running.add_done_callback(lambda _: bridge.post(windows.ApplicationEnded()))
            _spare_qt()
            application.exec()
        loop.close()
        shown.overlay.close()
        return _status(running, texts, hidden=hidden)


def choose_appearance(theme: Theme, texts: Texts) -> None:
    """Choose language, colours and text size of the first window, before the app reports its settings."""
    chosen = read_appearance(settings_place())
    if (language := chosen.get("language", "")) in LANGUAGES:
        texts.choose(language)
    theme.choose(SCHEMES.get(chosen.get("theme", "")))
    if (size := chosen.get("text_size", "")) in TEXT_SIZES:
        theme.choose_text_size(size)


def _write_launcher() -> None:
    """Add the app to the desktop's programs; where that is refused, it can still be started from a terminal."""
    with suppress(AppError):
        keep_launcher()


def _spare_qt() -> None:
    """Keep other Python work in this process from delaying the windows."""
    sys.setswitchinterval(_SWITCH_S)  # each Qt event enters Python many times and waited 5 ms each time
    gc.freeze()  # garbage collections skip imported modules: scanning them blocks everything for 60 ms
    QTimer.singleShot(_SETTLED_MS, gc.freeze)  # recognition has been imported by then


async def _run(
    make_application: MakeApplication, bridge: Bridge, clipboard: QtClipboard, field: OwnField
) -> AppError | None:
    """Run the app until it ends.

    Return an error that the user can resolve instead of raising it.
    """
    from app.control.server import AlreadyRunning
    from app.windows import ApplicationCreated

    await asyncio.to_thread(_write_launcher)  # portals know the app by it
    app = make_application(bridge.post)
    app.clipboard, app.read_own = clipboard, field.read_around
    bridge.post(ApplicationCreated(app))  # requests arrive once it runs, because they are queued for this thread
    try:
        await app.run()
    except AlreadyRunning as error:  # its window is shown instead
        return error
    except AppError as error:
        log.warning(LogEvent.APP_CANNOT_RUN, reason=str(error))
        return error
    except OSError as error:
        if not is_refused(error):
            raise
        log.exception(LogEvent.APP_CANNOT_RUN)
        return AppError(refusal(error))
    return None


def _status(running: "Future[AppError | None]", texts: Texts, *, hidden: bool) -> int:
    """Return the exit status of an app that has ended; report an error that the user can resolve."""
    from app.control.server import AlreadyRunning

    try:
        error = running.result(0)
    except CancelledError:
        return 0
    except Exception:  # noqa: BLE001 - the top of the process: the loop's thread has logged it
        return FAILED
    if isinstance(error, AlreadyRunning):  # another app started at the same time
        status = hand_over(hidden=hidden, patience_s=_STARTING_S)
        if status is not None:
            return status
    if error is not None:
        sys.stderr.write(f"{error}\n")
        if not sys.stderr.isatty():  # unseen after a start from the menu
            from app.system.notification import notify

            asyncio.run(notify("kikipounamu", note_text(texts, note_of(error))))
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

    def pass_on() -> None:
        for _ in reading.recv(16):
            ask(Verb.QUIT)

    notifier.activated.connect(pass_on)
    try:
        yield
    finally:
        notifier.setEnabled(False)
        signal.set_wakeup_fd(before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        reading.close()
        writing.close()
