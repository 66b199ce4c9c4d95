"""The window with all of its pages, filled like that of an example user, and its drawings for the pictures."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Final
from unittest.mock import patch

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QScrollArea, QWidget

from app.dictation.view import View
from app.history.view import SearchHistory
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.messages.kinds import Action, Devices, News
from app.replacements.rules import TryReplacements
from app.settings.sections import GeneralSection, Settings
from app.ui.home.timeline import TakeTimeline
from app.ui.settings.choices import Choices
from app.ui.shell.front import SETTINGS, Front
from app.ui.shell.pages import Pages
from app.ui.shell.shell import usual_size
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from scripts.drawing import Draw, Look, dressed, grabbed, settle

DAY: Final = date(2026, 3, 3)
"""The day of the pictures."""
SMALL: Final = QSize(1_024, 600)
"""The smallest screen."""
_LOW: Final = 0.4
_NAMES: Final = ("USB Audio", "Built-in Audio Analog Stereo", "Pebble V3")
DEVICES: Final = Devices(tuple((name, name) for name in _NAMES), "USB Audio")
CHOICES: Final = Choices(
    microphones=DEVICES.microphones, default_microphone=DEVICES.default, keys=Settings().hotkeys.bindings
)
READY: Final = WorkerView(LocalWorkerState.IDLE, "CPU", model="whisper-base")


class Window:
    """The main window.

    ``actions``: everything that it asked for. ``front``: a widget over the pages that has the focus.
    """

    def __init__(self, theme: Theme, texts: Texts) -> None:
        self.language = texts.language
        self.actions: list[Action] = []
        self.front: QWidget | None = None
        self.pages = Pages(Front(theme, texts, self.actions.append), theme, texts)
        self.shell = self.pages.shell
        self.settings = replace(Settings(), general=GeneralSection(welcomed=True))
        self.show(self.settings, READY, DEVICES)
        self.pages.home.head.show_choices(CHOICES)
        self.pages.status.show_choices(CHOICES)
        self.pages.status.show_view(View())
        self.pages.first_steps.show(CHOICES)

    def show(self, *news: News) -> None:
        """Show a message of the app."""
        for one in news:
            self.pages.handlers(one)

    def section(self, name: str) -> None:
        """Open this section of the settings."""
        self.shell.choose(SETTINGS)
        self.pages.settings.choose(name)

    @property
    def search(self) -> SearchHistory:
        """Newest search of the history."""
        return [action for action in self.actions if isinstance(action, SearchHistory)][-1]

    @property
    def trial(self) -> TryReplacements:
        """Newest request to try replacements."""
        return [action for action in self.actions if isinstance(action, TryReplacements)][-1]


Fill = Callable[[Window], None]
"""Fills the window and acts on it as a user would."""


Part = Callable[[Window], QWidget]
"""Returns a part of the window."""


def page(window: Window) -> QWidget:
    """Return the page in front, with the space around it."""
    return window.shell if window.shell.covered else window.shell._stack


def whole(window: Window) -> QWidget:
    """Return the whole window."""
    return window.shell


def scene(fill: Fill, part: Part = page, *, height: float = 0.0) -> Draw:
    """Return a function that draws this part of the window after ``fill``.

    The window is as high as its content, or ``height`` usual heights.
    """

    def draw(look: Look) -> QImage:
        kept: list[Window] = []  # until Qt has deleted it

        def drawn(theme: Theme, texts: Texts) -> QImage:
            kept.append(window := Window(theme, texts))
            _show(window, fill, height)
            shown = part(window)
            place = QRect(shown.mapTo(window.shell, QPoint(0, 0)), shown.size())
            image = grabbed(window.shell)
            window.pages.monitor_window.deleteLater()  # or Python deletes it, and the screen with it
            return image.copy(place)

        with patch("app.ui.home.timeline_model.today", lambda: DAY):
            return dressed(look, drawn)

    return draw


def _show(window: Window, fill: Fill, height: float) -> None:
    shell, usual = window.shell, usual_size()
    across = min(usual.width(), SMALL.width())
    shell.resize(across, round(usual.height() * (height or _LOW)))
    shell.show()
    fill(window)
    settle(shell)
    if not height:
        grow(shell)
    if window.front is None:
        (window.shell.pages[shell.page] if shell.page else shell).setFocus()  # no control shows a focus mark
        QGuiApplication.processEvents()


def grow(widget: QWidget) -> None:
    """Make a window as high as its content, so that nothing scrolls."""
    for _ in range(3):  # a new layout may trigger another
        areas = [area for area in widget.findChildren(QScrollArea) if area.isVisible()]
        lists = [area for area in widget.findChildren(TakeTimeline) if area.isVisible()]
        missing = max((area.verticalScrollBar().maximum() for area in (*areas, *lists)), default=0)
        if not missing:
            return
        widget.resize(widget.width(), widget.height() + missing)
        settle(widget)
