"""Program that shows the rules for programs for at most a minute, with the real picker: on_screen.py LOG.

Each requested action, each state of a pick and each opened menu is a line in the file LOG.
"""

import sys
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

from app.insertion.program_picker import PickProgram, ProgramPick, ProgramPicker
from app.messages.kinds import Action
from app.ui.programs.panel import ProgramsPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from runtime.loop_thread import LoopThread

_LIFE_MS = 60_000


class Bridge(QObject):
    """Carries states from the thread of the picker to the windows."""

    told = Signal(object)


def main() -> int:
    """Run until SIGTERM or for one minute."""
    log = Path(sys.argv[1])
    application = QApplication([])
    theme, bridge = Theme(), Bridge()
    theme.dress(application)

    def note(line: object) -> None:
        with log.open("a") as file:
            file.write(f"{line}\n")

    with LoopThread("picker") as loop:

        async def opened() -> ProgramPicker:
            return ProgramPicker(bridge.told.emit)

        picker = loop.submit(opened()).result()

        def ask(action: Action) -> None:
            note(action)
            if isinstance(action, PickProgram):
                loop.call(picker.ask, action)

        panel = ProgramsPanel(theme, Texts("en"), ask)

        def show(pick: ProgramPick) -> None:
            note(pick.state)
            panel.show_pick(pick)

        bridge.told.connect(show)
        panel.menu.aboutToShow.connect(lambda: QTimer.singleShot(0, lambda: note("menu")))  # once it is shown
        panel.setWindowTitle("rules")
        panel.resize(500, 300)
        panel.show()
        panel.add.setFocus()
        QTimer.singleShot(_LIFE_MS, application.quit)
        return application.exec()


if __name__ == "__main__":
    sys.exit(main())
