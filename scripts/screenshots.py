"""Render every window and state, in both languages, light and dark, as contact sheets: screenshots.py [FOLDER].

Needs no screen: Qt draws into memory, with the installed fonts.
"""

import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QImage, QPainter
from PySide6.QtWidgets import QApplication, QMenu, QScrollArea, QWidget

from app.core.live_text import TextSpan
from app.core.notes import Note
from app.core.states import State
from app.dictation.view import TakeView, View
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.messages.notifications import Takes
from app.ui.dictation.pill import BARS, SHADOW, Levels, Pill, paint_shadow
from app.ui.home.page import HomePage
from app.ui.settings.choices import Choices
from app.ui.shell.shell import Shell, usual_size
from app.ui.shell.status import Status
from app.ui.shell.tray import Tray
from app.ui.strings.texts import Texts
from app.ui.theme import icons
from app.ui.theme.colours import COLOURS, Scheme
from app.ui.theme.theme import STILL, Motion, Theme
from app.ui.widgets.panels import scrolling
from scripts.picture_files import write

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
GAP: Final = 32
SHOWN: Final = 0.6
POINTS: Final = 10.0
_SAID: Final = {
    "en": (
        "The gallery opens at nine, so please send the revised drawings to the studio before noon and remind "
        "everyone that the ",
        "greenstone samples arrive",
    ),
    "zh": ("展厅九点开门，请在中午之前把修改后的图纸发给工作室，并且提醒大家，", "玉石样品周四会到"),
}
_GONE: Final = {"en": "desktop-gpu does not answer", "zh": "desktop-gpu 没有应答"}
_OLDER: Final = {
    "en": (
        "Thanks for the walk-through yesterday. I have moved the second review to Thursday morning.",
        "Could you check whether the new build fixes the reconnect on the train? It dropped twice near the "
        "tunnel, and I would like to see the numbers before we write to the others.",
    ),
    "zh": (
        "谢谢昨天的讲解，第二次评审已经改到周四上午。",
        "请帮忙确认新版本是否修好了火车上的重新连接：昨天在隧道附近断了两次，给大家写信之前我想先看看数据。",
    ),
}


@dataclass(frozen=True)
class Look:
    """The appearance of a column on a sheet."""

    language: str
    scheme: Scheme
    motion: Motion = Motion()
    scale: float = 1.0


LARGE_LOOKS: Final = (
    Look("en", Scheme.LIGHT, STILL, 2.0),
    Look("zh", Scheme.DARK, STILL, 2.0),
    Look("en", Scheme.HIGH_CONTRAST, STILL),
)
"""Looks with large letters, or with high contrast and without motion."""
LOOKS: Final = tuple(Look(language, scheme) for language in ("en", "zh") for scheme in (Scheme.LIGHT, Scheme.DARK))

Draw = Callable[[Look], QImage]

inspectors: Final[list[Callable[[QWidget], None]]] = []
"""Callbacks that receive every drawn widget."""


# -- contents ----------------------------------------------------------------------------------------------


def spans(language: str) -> tuple[TextSpan, ...]:
    """Return a sentence that is being recognised."""
    stable, unstable = _SAID[language]
    return TextSpan(stable, True), TextSpan(unstable, False)


def views(language: str) -> list[View]:
    """Return the overlay's view in each state, with all the details that it may show."""
    plain, text = View(seconds=12.4, destination="desktop-gpu", device="USB Audio"), spans(language)
    final = (TextSpan("".join(_SAID[language]), True),)
    shown = {
        State.IDLE: replace(plain, note=Note("nothing-understood")),
        State.ARMING: replace(plain, seconds=0.0, destination=""),
        State.LISTENING: replace(plain, level_dbfs=-18.0, spans=text, unsent_s=3.2, waiting=2),
        State.SENDING: replace(plain, spans=text, unsent_s=7.8),
        State.WAITING: replace(plain, spans=text, note=Note("insert-ready"), waiting=1),
        State.INSERTING: replace(plain, spans=final),
        State.DONE: replace(plain, spans=final),
        State.HELD: replace(plain, spans=final, held=1, note=Note("focus-moved")),
        State.CANCELLED: replace(plain, spans=final, note=Note("cancelled")),
        State.FAILED: replace(plain, note=Note("recording-kept", {"reason": _GONE[language]}), unsent_s=12.4),
        State.DAMAGED: plain,
    }
    return [replace(view, state=state) for state, view in shown.items()]


def takes(language: str) -> list[TakeView]:
    """Return the latest takes of an example user."""
    morning = datetime.combine(datetime.now().date(), time(9, 41)).timestamp()
    first, second, said = *_OLDER[language], "".join(_SAID[language])
    return [
        TakeView("e", morning, 12.4, State.DONE, said),
        TakeView("d", morning - 900, 41.0, State.FAILED, recovers=True),
        TakeView("c", morning - 1500, 8.2, State.HELD, first, held=1),
        TakeView("b", morning - 2400, 17.9, State.CANCELLED, second, partly=True),
    ]


CHOICES: Final = Choices(
    microphones=tuple((name, name) for name in ("USB Audio", "Built-in Audio Analog Stereo", "Pebble V3")),
    default_microphone="USB Audio",
    keys={"dictate": "ctrl+alt+d", "paste-held": "ctrl+alt+v", "cancel": "esc"},
)
WORKERS: Final = (
    WorkerView(LocalWorkerState.BUSY, "RTX 5060 Ti · SenseVoice"),
    WorkerView(LocalWorkerState.DOWNLOADING, "whisper-base", 40),
    WorkerView(),
)


def levels() -> Levels:
    """Return three seconds of speech-like levels."""
    made = Levels()
    made.extend(-56 + 46 * abs(math.sin(place / 3.1) * math.sin(place / 1.3 + 0.4)) for place in range(BARS))
    return made


# -- drawing -----------------------------------------------------------------------------------------------


def dressed(look: Look, draw: Callable[[Theme, Texts], QImage]) -> QImage:
    """Call ``draw`` while the application has this look."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    before = QFont(application.font())
    try:
        usual = QFont(before)
        usual.setPointSizeF(POINTS * look.scale)
        application.setFont(usual)
        theme = Theme(look.scheme, look.motion)
        theme.dress(application)
        return draw(theme, Texts(look.language))
    finally:
        application.setFont(before)
        application.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # or old widgets are restyled each time


def pill(theme: Theme, texts: Texts, view: View) -> QImage:
    """Draw the overlay with its shadow."""
    drawn = Pill(theme, texts)
    drawn.paste_key = "Ctrl+Alt+V"
    drawing = drawn.drawing(view)
    image = empty(drawing.size.toSize() + QSize(2 * SHADOW, 2 * SHADOW), theme.colour("sunken"))
    painter = QPainter(image)
    paint_shadow(painter, QRectF(QPointF(SHADOW, SHADOW), drawing.size))
    painter.translate(SHADOW, SHADOW)
    drawn.paint(painter, view, levels() if view.state is State.LISTENING else (), drawing)
    painter.end()
    return image


def overlay(look: Look) -> QImage:
    """Draw the overlay in all states, one below the other."""
    return pills(look, views(look.language))


def pills(look: Look, shown: Sequence[View]) -> QImage:
    """Draw the overlay in these states, one below the other."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        return column([pill(theme, texts, view) for view in shown], theme.colour("sunken"), gap=0)

    return dressed(look, draw)


def main_window(look: Look, view: View, shown: Sequence[TakeView], worker: WorkerView) -> QImage:
    """Draw the main window as it opens."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        window = HomePage(theme, texts, lambda action: None)
        window.show_choices(CHOICES)
        window.show_worker(worker)
        window.show_takes(shown)
        window.show_view(view)
        shell = Shell(theme, texts, lambda action: None)
        others = ((name, QWidget()) for name in ("files", "dictionary", "settings"))
        for name, page in (("home", window), *others):
            shell.add(name, page)
        shell.resize(usual_size())
        shell.show()
        for _ in range(3):  # a new layout may trigger another
            QGuiApplication.processEvents()
            shell.grab()
        return grabbed(shell)

    return dressed(look, draw)


def tray(look: Look) -> QImage:
    """Draw the tray icon in each state, and the menu."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        made = Tray(theme, texts, lambda action: None)
        made.show_takes(Takes(tuple(takes(look.language))))
        made.show_status(Status(View(State.LISTENING, held=1), CHOICES, worker=WORKERS[0]))
        made.menu.setActiveAction(made.dictate)
        return column([tray_icons(look.scheme), grabbed(made.menu)], theme.colour("sunken"))

    return dressed(look, draw)


def tray_icons(scheme: Scheme) -> QImage:
    """Draw the icon of each state in two sizes, and the icon for unsent audio."""
    colours = COLOURS[scheme]
    shown = [(state, False) for state in State] + [(State.SENDING, True)]
    image = empty(QSize(48 * len(shown), 92), QColor(colours.sunken))
    painter = QPainter(image)
    for place, (state, unsent) in enumerate(shown):
        for size, y in ((32, 4), (22, 60)):
            painter.drawImage(
                place * 48 + (32 - size) // 2, y, icons.tray_image(state, colours, size, unsent=unsent)
            )
    painter.end()
    return image


def in_the_shell(page: QWidget, size: QSize) -> QScrollArea:
    """Put the page into the scroll area that the shell uses, in this size."""
    area = scrolling(page)
    area.resize(size)
    area.show()
    for _ in range(3):  # a new layout may trigger another
        QGuiApplication.processEvents()
        area.grab()
    return area


def grabbed(widget: QWidget) -> QImage:
    """Return an image of the widget, then delete the widget."""
    if isinstance(widget, QMenu):
        widget.resize(widget.sizeHint())
    widget.ensurePolished()
    QGuiApplication.processEvents()
    image = widget.grab().toImage()  # also triggers the layout
    for inspect in inspectors:
        inspect(widget)
    widget.deleteLater()
    return image


# -- sheets ------------------------------------------------------------------------------------------------


def empty(size: QSize, colour: QColor) -> QImage:
    """Return an image filled with one colour."""
    image = QImage(size, QImage.Format.Format_RGB32)
    image.fill(colour)
    return image


def column(images: Sequence[QImage], ground: QColor, gap: int = GAP) -> QImage:
    """Join the images from top to bottom."""
    height = sum(image.height() for image in images) + gap * (len(images) - 1)
    made = empty(QSize(max(image.width() for image in images), height), ground)
    place = QPoint(0, 0)
    painter = QPainter(made)
    for image in images:
        painter.drawImage(place, image)
        place += QPoint(0, image.height() + gap)
    painter.end()
    return made


def row(images: Sequence[QImage], ground: QColor, gap: int = GAP) -> QImage:
    """Join the images from left to right."""
    width = sum(image.width() for image in images) + gap * (len(images) - 1)
    made = empty(QSize(width, max(image.height() for image in images)), ground)
    place = QPoint(0, 0)
    painter = QPainter(made)
    for image in images:
        painter.drawImage(place, image)
        place += QPoint(image.width() + gap, 0)
    painter.end()
    return made


def sheet(columns: Sequence[tuple[Look, QImage]]) -> QImage:
    """Join the columns from left to right, each on its own background to the bottom."""
    height = max(image.height() for _, image in columns) + 2 * GAP
    cells = []
    for look, image in columns:
        cell = empty(QSize(image.width() + 2 * GAP, height), ground(look))
        painter = QPainter(cell)
        painter.drawImage(GAP, GAP, image)
        painter.end()
        cells.append(cell)
    return row(cells, QColor(Qt.GlobalColor.white), gap=0)


def parts() -> dict[str, Draw]:
    """Return the drawing functions by sheet name; each draws all states of a part of the app in one look.

    The neighbouring modules use the functions of this module.
    """
    from scripts import (
        screenshots_files,
        screenshots_gateways,
        screenshots_help,
        screenshots_history,
        screenshots_history_take,
        screenshots_models,
        screenshots_monitor,
        screenshots_onboarding,
        screenshots_settings,
        screenshots_sharing,
        screenshots_words,
    )

    return {
        "overlay": overlay,
        "tray": tray,
        "main-window": windows,
        "history": screenshots_history.states,
        "history-take": screenshots_history_take.states,
        "files": screenshots_files.states,
        "monitor": screenshots_monitor.states,
        "settings": screenshots_settings.states,
        "sharing": screenshots_sharing.states,
        "words": screenshots_words.states,
        "onboarding": screenshots_onboarding.states,
        "models": screenshots_models.states,
        "help": screenshots_help.states,
        "gateways": screenshots_gateways.states,
    }


def sheets() -> Iterator[tuple[str, QImage]]:
    """Yield each sheet with its name."""
    for name, draw in parts().items():
        yield name, sheet([(look, draw(look)) for look in LOOKS])
        yield f"{name}-large", sheet([(look, smaller(look, draw(look))) for look in LARGE_LOOKS])


def smaller(look: Look, image: QImage) -> QImage:
    """Shrink an image with large letters: it stays legible."""
    shown = SHOWN if look.scale > 1 else 1.0
    return image.scaled(image.size() * shown, mode=Qt.TransformationMode.SmoothTransformation)


def windows(look: Look) -> QImage:
    """Draw the main window empty, during speech and after an error."""
    shown = {view.state: view for view in views(look.language)}
    made = [
        main_window(look, View(), (), WORKERS[1]),
        main_window(look, shown[State.LISTENING], takes(look.language), WORKERS[0]),
        main_window(look, shown[State.HELD], takes(look.language), WORKERS[2]),
    ]
    return column(made, ground(look))


def ground(look: Look) -> QColor:
    """Return the background colour of sheets in this look."""
    return QColor(COLOURS[look.scheme].sunken)


def main(arguments: Sequence[str]) -> int:
    """Write all contact sheets to the folder."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication([])
    write(Path(arguments[0]) if arguments else FOLDER, sheets())
    application.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
