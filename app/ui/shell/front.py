"""Main window as it opens, before all of its pages exist."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QTimer
from PySide6.QtWidgets import QWidget

from app.core.hints import FirstTimes
from app.dictation.actions import Verb
from app.messages.kinds import Action
from app.onboarding.steps import Step, StepProgress
from app.ui.home.page import HomePage
from app.ui.onboarding.pages import FirstSteps
from app.ui.shell.popover import StatusBoard
from app.ui.shell.shell import Shell
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from app.ui.widgets.basic import EventFilter
from app.ui.widgets.panels import lay_out_now

HOME: Final = "home"
FILES: Final = "files"
DICTIONARY: Final = "dictionary"
SETTINGS: Final = "settings"
PAGES: Final = (HOME, FILES, DICTIONARY, SETTINGS)
"""Pages in the order of the sidebar, with icons of the same names."""

_LONGEST_MS: Final = 500
"""Longest wait for the first paint, because a covered or minimised window is not painted."""
_ROUNDS: Final = 3
"""Rounds of layout after the first paint, because a maximised window is first laid out at a smaller size."""


class Front:
    """Main window with its first page, the status and the first steps; other pages are placeholders.

    It imports and creates no more, so that it is visible soon. ``closing``: see ``Shell``.
    """

    def __init__(
        self, theme: Theme, texts: Texts, ask: Callable[[Action], None], closing: FirstTimes | None = None
    ) -> None:
        self._ask = ask
        self.home = HomePage(theme, texts, self.ask)
        self.shell = Shell(theme, texts, self.ask, closing=closing)
        self.shell.add(HOME, self.home, scrolls=True)
        for name in PAGES[1:]:
            self.shell.add(name, QWidget(), scrolls=True)
        self.status = StatusBoard(theme, texts, self.ask, self.shell)
        self.home.head.hero.caps.clicked.connect(self.status.change_key)
        self.first_steps = FirstSteps(theme, texts, self.ask, self.shell)
        self.home.head.try_wanted.connect(lambda: self.first_steps.open(StepProgress((Step.TRY,), Step.TRY)))

    def ask(self, action: Action) -> None:
        """Pass an action on; before the app quits, hide the window, which saves edited text."""
        if action is Verb.QUIT:
            self.shell.hide()
        self._ask(action)

    def appear(self) -> None:
        """Show the window, and return after its first paint; clicks and keys stay queued until then."""
        self.shell.appear()
        waiting = QEventLoop()
        QTimer.singleShot(_LONGEST_MS, waiting, waiting.quit)

        def handle(event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                waiting.quit()
            return False

        drawn = EventFilter(waiting, handle)
        self.shell.installEventFilter(drawn)
        waiting.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
        self.shell.removeEventFilter(drawn)
        for _ in range(_ROUNDS):
            lay_out_now()
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
