"""Draw widgets in each look, and join the drawings to contact sheets.

Needs no screen: Qt draws into memory, with the installed fonts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QImage, QPainter
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from app.ui.strings.texts import Texts
from app.ui.theme.colours import COLOURS, Scheme
from app.ui.theme.theme import STILL, Motion, Theme

GAP: Final = 32
SHOWN: Final = 0.6
POINTS: Final = 10.0
_LAYOUTS: Final = 4
"""Rounds of layout: a new one may trigger another."""
_ONE_PIXEL: Final = QRect(0, 0, 1, 1)


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
"""Looks with large letters on a screen of 1024x600 pixels, or with high contrast and without motion."""
LOOKS: Final = tuple(Look(language, scheme) for language in ("en", "zh") for scheme in (Scheme.LIGHT, Scheme.DARK))

Draw = Callable[[Look], QImage]

inspectors: Final[list[Callable[[QWidget], None]]] = []
"""Callbacks that receive every drawn widget."""


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


def settle(widget: QWidget) -> None:
    """Process events until the layout no longer changes."""
    for _ in range(_LAYOUTS):
        QGuiApplication.processEvents()
        widget.grab(_ONE_PIXEL)  # the layout is done for the whole widget


def grabbed(widget: QWidget) -> QImage:
    """Return an image of the widget, then delete the widget."""
    if isinstance(widget, QMenu):
        widget.resize(widget.sizeHint())
    widget.ensurePolished()
    QGuiApplication.processEvents()
    image = widget.grab().toImage()  # also triggers the layout
    for inspect in inspectors:
        inspect(widget)
    widget.hide()  # or its parts are notified while they are deleted
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
    size = QSize(max(image.width() for image in images), height)
    return _joined(images, empty(size, ground), lambda image: QPoint(0, image.height() + gap))


def row(images: Sequence[QImage], ground: QColor, gap: int = GAP) -> QImage:
    """Join the images from left to right."""
    width = sum(image.width() for image in images) + gap * (len(images) - 1)
    size = QSize(width, max(image.height() for image in images))
    return _joined(images, empty(size, ground), lambda image: QPoint(image.width() + gap, 0))


def _joined(images: Sequence[QImage], onto: QImage, step: Callable[[QImage], QPoint]) -> QImage:
    place = QPoint(0, 0)
    painter = QPainter(onto)
    for image in images:
        painter.drawImage(place, image)
        place += step(image)
    painter.end()
    return onto


def sheet(columns: Sequence[tuple[Look, QImage]]) -> QImage:
    """Join the columns from left to right, each on its own background to the bottom."""
    height = max(image.height() for _, image in columns)
    cells = [on_ground(image, height, ground(look), margin=GAP) for look, image in columns]
    return row(cells, QColor(Qt.GlobalColor.white), gap=0)


def on_ground(image: QImage, height: int, colour: QColor, margin: int = 0) -> QImage:
    """Return the image at the top of a ground of one colour, of this height without the margin around it."""
    cell = empty(QSize(image.width(), height).grownBy(QMargins(margin, margin, margin, margin)), colour)
    painter = QPainter(cell)
    painter.drawImage(margin, margin, image)
    painter.end()
    return cell


def smaller(look: Look, image: QImage) -> QImage:
    """Shrink an image with large letters: it stays legible."""
    shown = SHOWN if look.scale > 1 else 1.0
    return image.scaled(image.size() * shown, mode=Qt.TransformationMode.SmoothTransformation)


def ground(look: Look) -> QColor:
    """Return the background colour of sheets in this look."""
    return QColor(COLOURS[look.scheme].sunken)
