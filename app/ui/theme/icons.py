"""Icons of the app: monochrome SVG, drawn in any colour; each state has a shape of its own."""

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from app.core.states import State
from app.ui.theme.colours import Colours, state_colour

APP: Final = "app"
APP_SMALL: Final = "app-small"
"""The app's icon for at most ``SMALL`` pixels: three bars on whole pixels, because finer bars would blur."""
SMALL: Final = 24
SIZES: Final = (16, 22, 24, 32, 48, 64)
_ON_STONE: Final = QRectF(0.21, 0.26, 0.58, 0.58)  # place of the state's shape, as fractions of the icon
_DENSITIES: Final = (1, 2, 3)
_BADGE: Final = QRectF(0.62, 0.0, 0.38, 0.38)
_COLOUR: Final = b"currentColor"
_kept: Final = lru_cache(maxsize=256)
"""Cache of icon objects, because Qt's own cache of scaled images (10 MiB) has an entry per icon object."""


def svg(name: str, colour: QColor | None = None) -> bytes:
    """Return the SVG source, in ``colour`` if given."""
    source = _drawings()[name]
    return source if colour is None else source.replace(_COLOUR, colour.name().encode())


def draw(painter: QPainter, name: str, place: QRectF, colour: QColor) -> None:
    """Draw the icon into ``place``."""
    QSvgRenderer(QByteArray(svg(name, colour))).render(painter, place)


def icon(name: str, colour: QColor | None = None) -> QIcon:
    """Return the icon in all ``SIZES``."""
    return _icon_in_sizes(name, "" if colour is None else colour.name())


def icon_beside_text(name: str, side: int, gap: int, colour: QColor, *, behind: bool = False) -> QIcon:
    """Return the icon with a gap towards the text of its button; ``behind``: the icon is after the text."""
    return _icon_with_gap(name, side, gap, colour.name(), behind)


def tray_image(state: State, colours: Colours, size: int, *, unsent: bool = False) -> QImage:
    """Return the stone with the state's shape on it; a dot in the corner shows unsent audio."""
    made = _empty(size)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    quiet = state in {State.IDLE, State.ARMING}
    stone = QColor(colours.accent if quiet else getattr(colours, state_colour(state)))
    draw(painter, "stone", QRectF(0, 0, size, size), stone)
    shape = "wave" if state is State.IDLE else state.value
    draw(painter, shape, _scaled(_ON_STONE, size), QColor(colours.on_accent))
    if unsent:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.surface))
        painter.drawEllipse(_scaled(_BADGE, size).adjusted(-1, -1, 1, 1))
        painter.setBrush(QColor(colours.warning))
        painter.drawEllipse(_scaled(_BADGE, size))
    painter.end()
    return made


@_kept
def tray_icon(state: State, colours: Colours, *, unsent: bool = False) -> QIcon:
    """Return the tray icon in all sizes that trays use."""
    return _icon(tray_image(state, colours, size, unsent=unsent) for size in SIZES)


@lru_cache(maxsize=1_024)
def _image(name: str, size: int, colour: str) -> QImage:
    """Return the icon in a colour; cached, because rendering icons dominated the creation of long lists."""
    made = _empty(size)
    painter = QPainter(made)
    source = svg(name, QColor(colour) if colour else None)
    QSvgRenderer(QByteArray(source)).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return made


@cache
def _drawings() -> Mapping[str, bytes]:
    """Return the SVG source of every icon by its name.

    All are read at once, because an update may remove the files later, and an error while painting is fatal.
    """
    found = files("app.ui.theme").joinpath("icons").iterdir()
    return {one.name.removesuffix(".svg"): one.read_bytes() for one in found if one.name.endswith(".svg")}


@_kept
def _icon_in_sizes(name: str, colour: str) -> QIcon:
    named = (APP_SMALL if name == APP and size <= SMALL else name for size in SIZES)
    return _icon(_image(one, size, colour) for one, size in zip(named, SIZES, strict=True))


@_kept
def _icon_with_gap(name: str, side: int, gap: int, colour: str, behind: bool) -> QIcon:
    return _icon(_with_gap(_image(name, side * times, colour), gap * times, behind) for times in _DENSITIES)


def _icon(images: Iterable[QImage]) -> QIcon:
    made = QIcon()
    for drawn in images:
        made.addPixmap(QPixmap.fromImage(drawn))
    return made


def _with_gap(drawn: QImage, gap: int, behind: bool) -> QImage:
    left, right = (gap, 0) if behind else (0, gap)
    return drawn.copy(-left, 0, left + drawn.width() + right, drawn.height())  # pixels outside are transparent


def _scaled(part: QRectF, size: int) -> QRectF:
    return QRectF(part.x() * size, part.y() * size, part.width() * size, part.height() * size)


def _empty(size: int) -> QImage:
    made = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    made.fill(Qt.GlobalColor.transparent)
    return made
