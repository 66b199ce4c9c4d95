"""Program that shows one part of the interface for at most a minute.

Arguments are PART and SWITCH. PART is "overlay", "tray", "window" (which opens before its tray icon) or "key" (the
hotkey field). The overlay is visible while the file SWITCH exists. Requested actions and recorded keys are written
to SWITCH.log, the names of the windows that get the keys to SWITCH.focus.
"""

import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QWindow
from PySide6.QtWidgets import QApplication

from app.core.live_text import TextSpan
from app.core.states import State
from app.dictation.view import View
from app.messages.kinds import Action
from app.ui.home.page import HomePage
from app.ui.settings.key_field import KeyField
from app.ui.shell.shell import Shell
from app.ui.shell.sidebar import Status
from app.ui.shell.tray import Tray, TrayFocus, TrayWatch
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from app.windows import overlay

LISTENING = View(State.LISTENING, 3.0, -20.0, (TextSpan("kia ora", True),))
_LIFE_MS = 60_000
_LOOK_MS = 20


def note_focus(switch: Path, window: QWindow | None) -> None:
    with switch.with_suffix(".focus").open("a") as names:
        names.write(f"{window.objectName() if window else ''}\n")


def watched(tray: Tray, window: Shell) -> TrayWatch:
    """Connect an icon with the tray of the desktop and with the window."""
    tray.show_status(Status(LISTENING))
    tray.open_wanted.connect(window.appear)
    TrayFocus(window)
    watch = TrayWatch(every_ms=_LOOK_MS)
    watch.appeared.connect(tray.appear)
    watch.vanished.connect(tray.vanish)
    return watch


def main() -> int:
    """Run until SIGTERM or for one minute."""
    part, switch = sys.argv[1], Path(sys.argv[2])
    application = QApplication([])
    application.setQuitOnLastWindowClosed(False)
    theme, texts = Theme(), Texts("en")
    theme.dress(application)
    log = switch.with_suffix(".log")

    def ask(action: Action) -> None:
        log.write_text(str(action))

    application.focusWindowChanged.connect(lambda window: note_focus(switch, window))
    shown = overlay(theme, texts, switch.with_suffix(".hint"))
    window = Shell(theme, texts, ask)
    window.add("home", HomePage(theme, texts, ask))
    if part == "window":
        window.appear()
    if part in {"tray", "window"}:
        tray = Tray(theme, texts, ask)
        watch = watched(tray, window)
        watch.begin()
    if part == "key":
        received: list[str] = []

        def tell(word: object) -> None:
            received.append(str(word))
            log.write_text(" ".join(received))

        field = KeyField(theme, texts, tell, lambda: tell("refused"))
        field.recording_changed.connect(tell)
        field.setWindowTitle("key field")
        field.show()
    look = QTimer()
    look.timeout.connect(lambda: shown.show_view(LISTENING if part == "overlay" and switch.exists() else View()))
    look.start(_LOOK_MS)
    QTimer.singleShot(_LIFE_MS, application.quit)
    switch.with_suffix(".ready").touch()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
