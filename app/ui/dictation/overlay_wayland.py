"""Overlay on a Wayland desktop, by the means that the compositor turns out to support, if any.

Without layer surfaces, the process of ``overlay_child`` shows the overlay on XWayland.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from msgspec import Struct
from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QSocketNotifier, QTimer

from app.core.hints import FirstTimes
from app.core.states import RECORDING
from app.dictation.view import View
from app.ui.dictation.overlay import Overlay
from app.ui.dictation.overlay_layer import OverlayLayer
from app.ui.settings.choices import CANCEL, PASTE_HELD, Choices
from app.ui.strings.texts import Texts
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import Theme
from app.wayland.connection import WaylandConnection
from app.wayland.errors import WaylandError
from app.wayland.interfaces import OverlayKind, overlay_kind
from app.wayland.layer import LayerShell
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.framing import Framing
from runtime.leash import leashed_command
from runtime.programs import module_command

log = loggers.APP_UI_OVERLAY

LONGEST: Final = 1_000_000


class AppearanceFrame(Struct, tag="look", frozen=True):
    """Language, appearance, position and keys of the overlay.

    ``position``: a value of the setting ``general.overlay``. ``still``: motion is reduced. Empty keys are not
    shown.
    """

    language: str
    scheme: Scheme
    text_size: str
    still: bool
    position: str
    paste_key: str = ""
    cancel_key: str = ""


class ViewFrame(Struct, tag="view", frozen=True):
    """Frame with the view to show."""

    view: View


Frame = AppearanceFrame | ViewFrame
FRAMES: Final = Framing[Frame](Frame, LONGEST)


COMMAND: Final = module_command("app.ui.dictation.overlay_child")
_STARTS: Final = 4
_END_MS: Final = 1000
_MOST_UNREAD: Final = 1_000_000


class OverlayProcess(QObject):
    """Overlay in another process on XWayland, which is restarted a few times if it ends.

    If it cannot start, or has ended too often, it is started again with the next recording.
    ``hint``: the file that counts how often the key that cancels was shown.
    """

    def __init__(self, theme: Theme, texts: Texts, environment: Mapping[str, str], hint: Path) -> None:
        super().__init__()
        self._theme, self._texts = theme, texts
        self._view, self._position, self._choices = View(), "bottom", Choices()
        self._command = leashed_command([*COMMAND, str(hint)])
        self._process = QProcess(self)
        self._process.setProcessEnvironment(_for_xwayland(environment))
        self._process.setProcessChannelMode(QProcess.ProcessChannelMode.ForwardedErrorChannel)
        self._process.setStandardOutputFile(QProcess.nullDevice())
        self._process.finished.connect(self._process_ended)
        self._process.errorOccurred.connect(self._note_error)
        self.starts = 0
        theme.changed.connect(self._send_appearance)
        texts.changed.connect(self._send_appearance)
        self._start()

    @property
    def pid(self) -> int:
        """The process id, 0 while the process does not run."""
        return self._process.processId()

    def show_view(self, view: View) -> None:
        """Show this view as soon as possible."""
        begins, self._view = _begins(self._view, view), view
        if begins and self._process.state() is QProcess.ProcessState.NotRunning:
            self.starts = 0
            self._start()
        self._send(FRAMES.pack(ViewFrame(view)))

    def show_choices(self, choices: Choices) -> None:
        """Set the keys that paste held text and that cancel."""
        self._choices = choices
        self._send_appearance()

    def choose_place(self, position: str) -> None:
        """Set the place, a value of the setting ``general.overlay``."""
        if position != self._position:
            self._position = position
            self._send_appearance()

    def close(self) -> None:
        """End the process, by force if it hangs."""
        self._theme.changed.disconnect(self._send_appearance)
        self._texts.changed.disconnect(self._send_appearance)
        self._process.finished.disconnect(self._process_ended)
        self._process.closeWriteChannel()
        if not self._process.waitForFinished(_END_MS):
            self._process.kill()
            self._process.waitForFinished(_END_MS)

    def _start(self) -> None:
        self.starts += 1
        self._process.start(self._command[0], self._command[1:])
        self._send_appearance()
        self._send(FRAMES.pack(ViewFrame(self._view)))

    def _send_appearance(self) -> None:
        keys = self._choices.works(PASTE_HELD), self._choices.works(CANCEL)
        theme = self._theme
        appearance = (self._texts.language, theme.scheme, theme.text_size, theme.motion.reduced, self._position)
        self._send(FRAMES.pack(AppearanceFrame(*appearance, *keys)))

    def _send(self, frame: bytes) -> None:
        if self._process.state() is QProcess.ProcessState.NotRunning:
            return
        if self._process.bytesToWrite() > _MOST_UNREAD:
            self._process.kill()  # it has stopped reading
            return
        self._process.write(frame)

    def _process_ended(self, status: int) -> None:
        if self.starts < _STARTS:
            log.warning(LogEvent.OVERLAY_HELPER_ENDED, status=status, starts=self.starts)
            self._start()
        else:
            log.warning(LogEvent.OVERLAY_ABSENT, reason="its process has ended too often")

    def _note_error(self, error: QProcess.ProcessError) -> None:
        """Log a failed start, after which Qt does not report an end."""
        if error is QProcess.ProcessError.FailedToStart:
            log.warning(LogEvent.OVERLAY_ABSENT, reason=self._process.errorString())


def _begins(before: View, now: View) -> bool:
    """Return whether a recording begins."""
    return now.state in RECORDING and before.state not in RECORDING


def _for_xwayland(environment: Mapping[str, str]) -> QProcessEnvironment:
    made = QProcessEnvironment()
    for name, value in environment.items():
        made.insert(name, value)
    made.remove("WAYLAND_DISPLAY")
    made.insert("QT_QPA_PLATFORM", "xcb")
    made.remove("GDK_BACKEND")  # on GNOME, Qt loads GTK for its theme, and GTK on Wayland would end the process
    return made


_AT_ONCE: Final = 0


class WaylandOverlay(QObject):
    """Overlay in a layer surface, otherwise by a process on XWayland, otherwise none.

    ``kind``: which of these, once known. If the compositor ends the connection, there is no overlay until the next
    recording. ``hint``: see ``OverlayProcess``.
    """

    def __init__(self, theme: Theme, texts: Texts, environment: Mapping[str, str], hint: Path) -> None:
        super().__init__()
        self._theme, self._texts, self._environment, self._hint = theme, texts, environment, hint
        self.kind: OverlayKind | None = None
        self.shown: Overlay | OverlayProcess | None = None
        self._view, self._position, self._choices = View(), "bottom", Choices()
        self._wayland: WaylandConnection | None = None
        self._sockets = WatchedSockets()
        self._logged = False
        self._connect()

    def show_view(self, view: View) -> None:
        """Show this view as soon as possible."""
        begins, self._view = _begins(self._view, view), view
        if self.shown is not None:
            self.shown.show_view(view)
        elif begins and self._wayland is None and self.kind in {None, OverlayKind.LAYER}:
            self._connect()

    def show_choices(self, choices: Choices) -> None:
        """Set the keys that paste held text and that cancel."""
        self._choices = choices
        if self.shown is not None:
            self.shown.show_choices(choices)

    def choose_place(self, position: str) -> None:
        """Set the place, a value of the setting ``general.overlay``."""
        self._position = position
        if self.shown is not None:
            self.shown.choose_place(position)

    def close(self) -> None:
        """Close the overlay and its connection permanently."""
        if self._wayland is not None:
            self._wayland.on_gone = lambda: None
            self._wayland.end()
        self._close_shown()

    def _connect(self) -> None:
        try:
            self._wayland = wayland = WaylandConnection.begin(self._environment, self._sockets)
            # Not directly, because the connection may end while the overlay paints.
            wayland.on_gone = lambda: QTimer.singleShot(_AT_ONCE, self, lambda: self._connection_lost(wayland))
            wayland.after(lambda: self._decide(wayland))
        except WaylandError as error:
            self._wayland = None
            self._log_once(str(error))

    def _decide(self, wayland: WaylandConnection) -> None:
        self.kind = overlay_kind(wayland.globals, xwayland=bool(self._environment.get("DISPLAY")))
        if self.kind is OverlayKind.LAYER:
            shell = LayerShell(wayland)
            made = partial(Overlay, self._theme, self._texts, hint=FirstTimes(self._hint))
            wayland.after(lambda: self._begin(made(OverlayLayer(shell))))
            return
        wayland.on_gone = lambda: None
        wayland.end()
        if self.kind is OverlayKind.XWAYLAND:
            self._begin(OverlayProcess(self._theme, self._texts, self._environment, self._hint))
        else:
            self._log_once("this desktop lets no program show one")

    def _begin(self, overlay: Overlay | OverlayProcess) -> None:
        self.shown = overlay
        overlay.choose_place(self._position)
        overlay.show_choices(self._choices)
        overlay.show_view(self._view)

    def _connection_lost(self, wayland: WaylandConnection) -> None:
        if wayland is self._wayland:
            self._log_once(wayland.fault)
            self._wayland = None
            self._close_shown()

    def _close_shown(self) -> None:
        if self.shown is not None:
            self.shown.close()
            self.shown = None

    def _log_once(self, reason: str) -> None:
        if not self._logged:
            self._logged = True
            log.warning(LogEvent.OVERLAY_ABSENT, reason=reason)


class WatchedSockets(QObject):
    """Watcher of sockets for ``WaylandConnection``, in the Qt thread that creates it."""

    def __init__(self) -> None:
        super().__init__()
        self._watches: dict[tuple[int, QSocketNotifier.Type], QSocketNotifier] = {}

    def add_reader(self, descriptor: int, callback: Callable[[], None], /) -> None:
        """Call back whenever the descriptor can be read."""
        self._add(descriptor, QSocketNotifier.Type.Read, callback)

    def remove_reader(self, descriptor: int, /) -> None:
        """Stop watching the descriptor for reading."""
        self._remove(descriptor, QSocketNotifier.Type.Read)

    def add_writer(self, descriptor: int, callback: Callable[[], None], /) -> None:
        """Call back whenever the descriptor can be written."""
        self._add(descriptor, QSocketNotifier.Type.Write, callback)

    def remove_writer(self, descriptor: int, /) -> None:
        """Stop watching the descriptor for writing."""
        self._remove(descriptor, QSocketNotifier.Type.Write)

    def _add(self, descriptor: int, kind: QSocketNotifier.Type, callback: Callable[[], None]) -> None:
        self._remove(descriptor, kind)
        watch = self._watches[descriptor, kind] = QSocketNotifier(descriptor, kind, self)
        watch.activated.connect(lambda *_: callback())

    def _remove(self, descriptor: int, kind: QSocketNotifier.Type) -> None:
        if watch := self._watches.pop((descriptor, kind), None):
            watch.setEnabled(False)  # at once, because a later descriptor may have the same number
            watch.deleteLater()
