"""Program that shows the overlay on XWayland, for compositors without layer surfaces.

    QT_QPA_PLATFORM=xcb python -m app.ui.dictation.overlay_child HINT_FILE

Frames of ``overlay_wayland`` arrive on standard input, an ``AppearanceFrame`` first. The program ends at the end
of its input.
"""

import signal
import sys
import threading
from pathlib import Path
from typing import BinaryIO

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from app.core.hints import FirstTimes
from app.ui.dictation.overlay import Overlay
from app.ui.dictation.overlay_wayland import FRAMES, AppearanceFrame, Frame
from app.ui.dictation.overlay_window import OverlayWindow, blends
from app.ui.settings.choices import CANCEL, PASTE_HELD, Choices
from app.ui.shell.garbage import GarbageCollection
from app.ui.strings.texts import Texts
from app.ui.theme.theme import STILL, Theme
from runtime.framing import BrokenFrame


class ViewInbox(QObject):
    """Reader of frames for a thread; ``arrived`` delivers them in Qt's thread, and ``None`` at the end."""

    arrived = Signal(object)

    def read(self, pipe: BinaryIO) -> None:
        """Read frames until the end of the pipe or a broken frame."""
        frame: Frame | None = None
        while True:
            try:
                frame = FRAMES.read(pipe)
            except BrokenFrame:
                frame = None
            self.arrived.emit(frame)
            if frame is None:
                return


class Receiver:
    """Receiver of frames, which controls the overlay and its appearance."""

    def __init__(self, appearance: AppearanceFrame, hint: FirstTimes, application: QApplication) -> None:
        self._application = application
        self.theme, self.texts = (
            Theme(appearance.scheme, STILL if appearance.still else None),
            Texts(appearance.language),
        )
        self.theme.dress(application)
        window = OverlayWindow(self.texts("overlay.name"), blended=blends())
        self.overlay = Overlay(self.theme, self.texts, window, hint=hint)
        self._apply(appearance)

    def receive(self, frame: Frame | None) -> None:
        """Apply a frame; quit at the end (``None``)."""
        if frame is None:
            self.overlay.close()
            self._application.exit()
        elif isinstance(frame, AppearanceFrame):
            self._apply(frame)
        else:
            self.overlay.show_view(frame.view)

    def _apply(self, appearance: AppearanceFrame) -> None:
        self.texts.choose(appearance.language)
        self.theme.choose(appearance.scheme)
        self.theme.choose_text_size(appearance.text_size)
        self.overlay.choose_place(appearance.position)
        self.overlay.show_choices(Choices(keys={PASTE_HELD: appearance.paste_key, CANCEL: appearance.cancel_key}))


def main() -> int:
    """Show the overlay until the frames end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the app, which ends this program
    pipe = sys.stdin.buffer
    first = FRAMES.read(pipe)
    if not isinstance(first, AppearanceFrame):
        return 1
    application = QApplication(sys.argv[:1])
    GarbageCollection(application)
    application.setApplicationName("kikipounamu")
    application.setQuitOnLastWindowClosed(False)
    receiver, inbox = Receiver(first, FirstTimes(Path(sys.argv[1])), application), ViewInbox()
    inbox.arrived.connect(receiver.receive, Qt.ConnectionType.QueuedConnection)
    threading.Thread(target=inbox.read, args=(pipe,), name="frames", daemon=True).start()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
