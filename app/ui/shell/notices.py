"""Notifications of the desktop: how to come back to an app without a tray, and each newer version."""

from collections.abc import Callable
from concurrent.futures import Future

from PySide6.QtCore import QObject, Signal

from app.core.hints import ShownOnce
from app.ui.strings.texts import Texts
from app.updates.view import UpdatesView

Send = Callable[[str, str], "Future[bool]"]
"""Show a notification with heading and text, and tell whether the desktop shows it."""


class AbsentTray(QObject):
    """Hint for desktops without a tray, as a notification; ``open_window`` is called if none can be shown."""

    _sent = Signal(bool)

    def __init__(self, texts: Texts, once: ShownOnce, send: Send, open_window: Callable[[], None]) -> None:
        super().__init__()
        self._texts, self._once, self._send, self._open = texts, once, send, open_window
        self._sent.connect(self._over)

    def tell(self) -> None:
        """Show the hint, unless it was shown before."""
        if not self._once.done:
            sending = self._send(self._texts("absent-tray.heading"), self._texts("absent-tray.says"))
            sending.add_done_callback(self._done)

    def _done(self, sending: "Future[bool]") -> None:
        """Pass the outcome on to the thread of the windows."""
        self._sent.emit(not sending.cancelled() and sending.exception() is None and sending.result())

    def _over(self, shown: bool) -> None:
        if shown:
            self._once.tell()
        else:
            self._open()


class UpdateNotice:
    """Notice of a newer version. Where no notification can be shown, the menu and the settings tell of it."""

    def __init__(self, texts: Texts, send: Callable[[str, str], object]) -> None:
        self._texts, self._send = texts, send

    def show_updates(self, view: UpdatesView) -> None:
        """Send a notification, if the service asks for one."""
        if view.announce and view.release is not None:
            said = {"new": view.release.version, "version": view.installed}
            self._send(self._texts("updates.heading", **said), self._texts("updates.says", **said))
