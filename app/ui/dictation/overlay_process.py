"""The process of ``overlay_child``, as the app sees it, and the messages to it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment
from msgspec import Struct

from app.dictation.view import View
from app.ui.settings.choices import CANCEL, PASTE_HELD, Choices
from app.ui.strings.texts import Texts
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import Theme
from runtime import logger_names
from runtime.event_names import LogEvent
from runtime.framing import Framing
from runtime.leash import leashed
from runtime.logger import get_logger
from runtime.programs import module_command

LONGEST: Final = 1_000_000


class LookFrame(Struct, tag="look", frozen=True):
    """Language and look of the overlay, and what the user has chosen.

    ``wish``: a value of the setting ``general.overlay``. ``still``: motion is reduced. Empty keys are not named.
    """

    language: str
    scheme: Scheme
    text_size: str
    still: bool
    wish: str
    paste_key: str = ""
    cancel_key: str = ""


class ViewFrame(Struct, tag="view", frozen=True):
    """The view to show."""

    view: View


Frame = LookFrame | ViewFrame
FRAMES: Final = Framing[Frame](Frame, LONGEST)


log = get_logger(logger_names.APP_UI_OVERLAY)

COMMAND: Final = module_command("app.ui.dictation.overlay_child")
_STARTS: Final = 4
_END_MS: Final = 1000
_MOST_UNREAD: Final = 1_000_000


class OverlayProcess(QObject):
    """Overlay that another process shows on XWayland; it is started again when it ends, but not for ever.

    ``hint``: the file that counts how often the key that cancels was shown.
    """

    def __init__(self, theme: Theme, texts: Texts, environment: Mapping[str, str], hint: Path) -> None:
        super().__init__()
        self._theme, self._texts = theme, texts
        self._view, self._wish, self._choices = View(), "bottom", Choices()
        self._command = leashed([*COMMAND, str(hint)])
        self._process = QProcess(self)
        self._process.setProcessEnvironment(_for_xwayland(environment))
        self._process.setProcessChannelMode(QProcess.ProcessChannelMode.ForwardedErrorChannel)
        self._process.setStandardOutputFile(QProcess.nullDevice())
        self._process.finished.connect(self._ended)
        self.starts = 0
        theme.changed.connect(self._send_look)
        texts.changed.connect(self._send_look)
        self._start()

    @property
    def pid(self) -> int:
        """The id of the process, 0 when it has ended."""
        return self._process.processId()

    def show_view(self, view: View) -> None:
        """Show this view as soon as possible."""
        self._view = view
        self._send(FRAMES.pack(ViewFrame(view)))

    def show_choices(self, choices: Choices) -> None:
        """Set the keys that paste held text and that cancel."""
        self._choices = choices
        self._send_look()

    def choose_place(self, wish: str) -> None:
        """Set the wanted place."""
        if wish != self._wish:
            self._wish = wish
            self._send_look()

    def close(self) -> None:
        """End the process, by force if it hangs."""
        self._theme.changed.disconnect(self._send_look)
        self._texts.changed.disconnect(self._send_look)
        self._process.finished.disconnect(self._ended)
        self._process.closeWriteChannel()
        if not self._process.waitForFinished(_END_MS):
            self._process.kill()
            self._process.waitForFinished(_END_MS)

    def _start(self) -> None:
        self.starts += 1
        self._process.start(self._command[0], self._command[1:])
        self._send_look()
        self.show_view(self._view)

    def _send_look(self) -> None:
        keys = self._choices.works(PASTE_HELD), self._choices.works(CANCEL)
        theme = self._theme
        look = (self._texts.language, theme.scheme, theme.text_size, theme.motion.reduced, self._wish)
        self._send(FRAMES.pack(LookFrame(*look, *keys)))

    def _send(self, frame: bytes) -> None:
        if self._process.state() is QProcess.ProcessState.NotRunning:
            return
        if self._process.bytesToWrite() > _MOST_UNREAD:
            self._process.kill()  # it hangs
            return
        self._process.write(frame)

    def _ended(self, status: int) -> None:
        if self.starts < _STARTS:
            log.warning(LogEvent.OVERLAY_HELPER_ENDED, status=status, starts=self.starts)
            self._start()
        else:
            log.warning(LogEvent.OVERLAY_ABSENT, reason="its process has ended too often")


def _for_xwayland(environment: Mapping[str, str]) -> QProcessEnvironment:
    made = QProcessEnvironment()
    for name, value in environment.items():
        made.insert(name, value)
    made.remove("WAYLAND_DISPLAY")
    made.insert("QT_QPA_PLATFORM", "xcb")
    return made
