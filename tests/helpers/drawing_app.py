"""A program that draws and inserts: COUNT FILE.

The main window shows its Dictation page, as in the app. An event loop in another thread inserts COUNT texts, one
after the other, into the first window of another program that has the focus. The list of recordings changes with
each text. FILE gets a line for each text: how it was inserted, and the reason if it was held.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication

from app.dictation.view import TakeView
from app.insertion.helper.inserter import HelperInserter
from app.insertion.outcome import Target
from app.journal.take import TakeState
from app.messages.kinds import Takes
from app.ui.home.page import HomePage
from app.ui.shell.bridge import Bridge
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from runtime.loop_thread import LoopThread
from tests.helpers.desktop import PATIENT_S
from tests.helpers.waiting import wait_until

TITLE = "drawing app"
_MOST_SHOWN = 50


def take(number: int) -> TakeView:
    """Return the view of one take in the list."""
    return TakeView(f"session {number}", 1.8e9 + number, 2.0, TakeState.DONE, f"text {number}")


async def insert(count: int, place: Path, show: Callable[[object], None]) -> None:
    """Insert all texts, write down the outcomes, then end the program."""
    inserter = await HelperInserter.on_x11(patience_s=PATIENT_S, grab_s=PATIENT_S)

    async def foreign() -> Target | None:
        target = await inserter.target()
        return None if target is None or target.own else target

    target = await wait_until(foreign, "a window of another program has the focus")
    for number in range(count):
        takes = tuple(take(number - age) for age in range(number + 1))
        show(takes)
        done = await inserter.insert(f"{number} ", target)
        with place.open("a") as lines:
            lines.write(f"{done.how} {done.reason}\n")
        show(takes[: 1 + number % _MOST_SHOWN])
    await inserter.close()
    show(None)


def main() -> int:
    """Show the window and insert; the exit status is 0 once all texts were tried."""
    count, place = int(sys.argv[1]), Path(sys.argv[2])
    application = QApplication([])
    window = HomePage(Theme(), Texts(), lambda action: None)
    window.setWindowTitle(TITLE)

    def receive(takes: object) -> None:
        if isinstance(takes, tuple):
            window.show_takes(Takes(takes))
        else:
            application.exit()

    bridge = Bridge(receive)
    window.show()
    with LoopThread("app", on_failure=lambda error: os._exit(1)) as loop:
        loop.submit(insert(count, place, bridge.post))
        return application.exec()


if __name__ == "__main__":
    sys.exit(main())
