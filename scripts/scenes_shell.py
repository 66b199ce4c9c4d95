"""Scenes around the pages: status popover, dialog, overlay and tray; for ``scripts.screenshots``."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from app.core.hints import FirstTimes
from app.core.states import State
from app.dictation.view import View
from app.gateways.view import GatewaysView, GatewayView
from app.local_services.worker_view import WorkerView
from app.messages.kinds import Takes
from app.ui.dictation.pill import BARS, SHADOW, Pill, paint_shadow
from app.ui.shell.shell import ClosingNote
from app.ui.shell.sidebar import Status
from app.ui.shell.tray import Tray
from app.ui.strings.texts import Texts
from app.ui.theme import icons
from app.ui.theme.colours import COLOURS
from app.ui.theme.theme import Theme
from scripts.drawing import Draw, Look, column, dressed, empty, grabbed, ground, settle
from scripts.example_window import CHOICES, READY, Window, scene, whole
from scripts.scenes_home import DOWNLOADING, here, idle, levels, takes, views


def popover(window: Window) -> None:
    """Show the controls behind the status line."""
    idle(window)
    window.show(GatewaysView((GatewayView("tower", "desktop-gpu", "192.168.1.20:8765", False),)))
    settle(window.shell)
    window.pages.status.open()
    window.front = window.pages.status.popover


def troubled(window: Window) -> None:
    """Show a status line with a problem, and the controls behind it with the same."""
    popover(window)
    window.show(views(window.language)[State.FAILED], WorkerView())


def loading(window: Window) -> None:
    """Show the status line while the model is downloaded."""
    idle(window)
    window.show(DOWNLOADING)


def closing(*, tray: bool) -> Draw:
    """Return a function that draws the dialog at the first closing of the window."""

    def draw(look: Look) -> QImage:
        def drawn(theme: Theme, texts: Texts) -> QImage:
            around = QWidget()
            made = ClosingNote(texts, FirstTimes(Path("told"), 1), lambda: None, lambda: None, around)
            made.show_tray(tray)
            made.show()
            settle(made)
            image = grabbed(made)
            around.deleteLater()
            return image

        return dressed(look, drawn)

    return draw


SHELL: Final[tuple[Draw, ...]] = (
    scene(popover, whole, height=0.95),
    scene(troubled, whole, height=0.95),
    scene(loading, whole, height=0.6),
    closing(tray=True),
    closing(tray=False),
)


def pills(*shown: Callable[[str], View], cancel_key: str = "") -> Draw:
    """Return a function that draws the overlay in these states, one below the other."""

    def draw(look: Look) -> QImage:
        def drawn(theme: Theme, texts: Texts) -> QImage:
            made = [_pill(theme, texts, view(look.language), cancel_key) for view in shown]
            return column(made, theme.colour("sunken"), gap=0)

        return dressed(look, drawn)

    return draw


def _pill(theme: Theme, texts: Texts, view: View, cancel_key: str) -> QImage:
    """Draw the overlay with its shadow."""
    drawn = Pill(theme, texts)
    drawn.paste_key, drawn.cancel_key = "Ctrl+Alt+V", cancel_key
    drawing = drawn.drawing(view)
    image = empty(drawing.size.toSize() + QSize(2 * SHADOW, 2 * SHADOW), theme.colour("sunken"))
    painter = QPainter(image)
    paint_shadow(painter, QRectF(QPointF(SHADOW, SHADOW), drawing.size))
    painter.translate(SHADOW, SHADOW)
    drawn.paint_body(painter, QRectF(QPointF(0, 0), drawing.size))
    drawn.paint_parts(painter, view, levels(BARS) if view.state is State.LISTENING else (), drawing)
    painter.end()
    return image


def in_state(state: State, *, local: bool = False) -> Callable[[str], View]:
    """Return a function that returns the view in this state, by language."""
    return lambda language: here(views(language)[state]) if local else views(language)[state]


def silent(language: str) -> View:
    """Return the view of a take without words yet."""
    return replace(here(views(language)[State.LISTENING]), spans=())


OVERLAY: Final[tuple[Draw, ...]] = (
    pills(silent),
    pills(silent, cancel_key="Esc"),
    pills(*(in_state(state) for state in State)),
)


def tray(state: State = State.LISTENING, *, held: int = 1) -> Draw:
    """Return a function that draws the tray menu in this state."""

    def draw(look: Look) -> QImage:
        def drawn(theme: Theme, texts: Texts) -> QImage:
            made = Tray(theme, texts, lambda action: None)
            made.show_takes(Takes(takes(look.language)))
            made.show_status(Status(View(state, held=held), CHOICES, worker=READY))
            made.menu.setActiveAction(made.dictate)
            return grabbed(made.menu)

        return dressed(look, drawn)

    return draw


def tray_icons(look: Look) -> QImage:
    """Draw the icon of each state in two sizes, and the icon for unsent audio."""
    colours = COLOURS[look.scheme]
    shown = [(state, False) for state in State] + [(State.SENDING, True)]
    image = empty(QSize(48 * len(shown), 92), ground(look))
    painter = QPainter(image)
    for place, (state, unsent) in enumerate(shown):
        for size, y in ((32, 4), (22, 60)):
            painter.drawImage(
                place * 48 + (32 - size) // 2, y, icons.tray_image(state, colours, size, unsent=unsent)
            )
    painter.end()
    return image


TRAY: Final[tuple[Draw, ...]] = (tray_icons, tray(), tray(State.IDLE, held=0))
