"""App of the example user: the real windows, with a substitute for everything below them."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, cast
from unittest.mock import patch

from PySide6.QtCore import QDeadlineTimer, QEvent
from PySide6.QtGui import QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from app.dictation.view import View
from app.messages.kinds import Action, ActionQueue, Takes
from app.settings.path import settings_place
from app.settings.schema import change_setting
from app.settings.sections import ChangeSetting
from app.ui.shell.front import Front
from app.ui.shell.tray import TrayWatch
from app.ui.strings.texts import Texts
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import STILL, Theme
from app.windows import ApplicationCreated, Windows
from benchmarks.clicks import example_user
from runtime.loop_thread import LoopThread

if TYPE_CHECKING:
    from app.application import Application

_STEP_MS: Final = 10


class _Queue(LoopThread):
    """Event loop that runs nothing by itself: its calls wait in ``calls``."""

    def __init__(self) -> None:
        super().__init__("example")
        self.calls: deque[Callable[[], object]] = deque()

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        """Queue a call until the windows have settled."""
        self.calls.append(partial(function, *arguments))


class ExampleApp:
    """The windows, of which the main one has just opened, and all actions that they have requested."""

    def __init__(self, theme: Theme) -> None:
        self.asked: list[Action] = []
        self.settings = example_user.SETTINGS
        self._queue = _Queue()
        texts, actions = Texts("en"), ActionQueue()
        self.windows = Windows(self._queue, actions, Front(theme, texts, actions.ask), texts, theme)
        self.windows.receive(ApplicationCreated(cast("Application", self)))
        for value in (
            self.settings,
            example_user.DEVICES,
            Takes(example_user.TAKES),
            View(earlier=1),
            example_user.GATEWAYS,
            example_user.models(),
            example_user.sharing(on=False),
        ):
            self.windows.receive(value)
        self.windows.open()
        self.settle()

    def ask(self, action: Action) -> None:
        """Record an action that the windows request, and answer it."""
        self.asked.append(action)
        if isinstance(action, ChangeSetting):
            self.settings = change_setting(self.settings, action.name, action.value)
            self.windows.receive(self.settings)
            self.windows.receive(example_user.sharing(on=self.settings.gateway.share))
        elif (news := example_user.answer(action)) is not None:
            self.windows.receive(news)

    def refresh_microphones(self) -> None:
        """Do nothing: the microphones do not change."""

    def settle(self) -> None:
        """Deliver all events and answers."""
        QApplication.processEvents()
        while self._queue.calls:
            self._queue.calls.popleft()()
            QApplication.processEvents()
        QApplication.processEvents()  # a new layout may start another

    def comes(self, done: Callable[["ExampleApp"], bool], patience_ms: int) -> bool:
        """Wait until ``done`` holds; return False if that takes too long."""
        limit = QDeadlineTimer(patience_ms)
        while not done(self) and not limit.hasExpired():
            QTest.qWait(_STEP_MS)
            self.settle()
        return done(self)

    def shows(self, text: str) -> bool:
        """Return True if a label or a field shows all of this text, spaces aside."""
        wanted = "".join(text.split())
        return any(wanted in "".join(_text(widget).split()) for widget in _visible())

    def names(self, text: str) -> bool:
        """Return True if a widget that paints itself has this text in its accessible name."""
        return any(text in widget.accessibleName() for widget in _visible())


def _visible() -> Iterator[QWidget]:
    return (widget for widget in QApplication.allWidgets() if widget.isVisible())


def _text(widget: QWidget) -> str:
    if isinstance(widget, QLabel | QLineEdit):
        return widget.text()
    return widget.toPlainText() if isinstance(widget, QPlainTextEdit | QTextEdit) else ""


@contextmanager
def example_home() -> Iterator[Path]:
    """Give the app folders of its own and a tray, and settings, so that it is not its first start."""
    with TemporaryDirectory() as home, ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, {"KIKIPOUNAMU_HOME": home}))
        stack.enter_context(patch("app.windows.TrayWatch", partial(TrayWatch, lambda: True)))
        settings_place().parent.mkdir(parents=True)
        settings_place().touch()
        yield Path(home)


@contextmanager
def example_app(application: QApplication, theme: Theme) -> Iterator[ExampleApp]:
    """Open the app of the example user, and remove all of its windows afterwards."""
    try:
        yield ExampleApp(theme)
    finally:
        for widget in application.topLevelWidgets():
            widget.hide()
            widget.deleteLater()
        application.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@contextmanager
def example_theme(application: QApplication) -> Iterator[Theme]:
    """Style the application with the light theme without motion, and restore its font afterwards."""
    letters = QFont(application.font())
    theme = Theme(Scheme.LIGHT, STILL)
    theme.dress(application)
    try:
        yield theme
    finally:
        theme.deleteLater()
        application.setFont(letters)
