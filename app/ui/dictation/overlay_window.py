"""Qt window that shows the overlay, for desktops where a program can place its windows.

It is not a widget, because widgets are in the accessibility tree, and screen readers would announce it.
"""

from typing import Final

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QCursor, QGuiApplication, QPainter, QPaintEvent, QRasterWindow, QRegion, QScreen

from app.core.area import Area
from app.ui.dictation.overlay_place import Anchor, Paint, Room, paint_nothing
from app.ui.theme.theme import RADII

FLAGS: Final = (
    Qt.WindowType.Tool
    | Qt.WindowType.FramelessWindowHint
    | Qt.WindowType.WindowStaysOnTopHint
    | Qt.WindowType.WindowDoesNotAcceptFocus
    | Qt.WindowType.WindowTransparentForInput
    | Qt.WindowType.X11BypassWindowManagerHint
    | Qt.WindowType.NoDropShadowWindowHint
)
_WITHOUT_ACTIVATING: Final = "_q_showWithoutActivating"  # set by WA_ShowWithoutActivating on a widget's window
_ALSO_IN_BACKGROUND: Final = "_q_macAlwaysShowToolWindow"


def possible() -> bool:
    """Return whether a program can place its windows: on every platform of Qt except Wayland."""
    return not QGuiApplication.platformName().startswith("wayland")


class OverlayWindow(QRasterWindow):
    """``Surface`` in a Qt window. ``blended``: the desktop blends windows."""

    def __init__(self, title: str, *, blended: bool = True) -> None:
        super().__init__()
        self.blended, self.visible = blended, False
        self.paint: Paint = paint_nothing
        self.setFlags(FLAGS)
        self.setTitle(title)
        self.setProperty(_WITHOUT_ACTIVATING, True)
        self.setProperty(_ALSO_IN_BACKGROUND, True)
        if blended:
            surface_format = self.requestedFormat()
            surface_format.setAlphaBufferSize(8)
            self.setFormat(surface_format)

    def room(self, place: tuple[int, int] | None) -> Room:
        """Return the screen that contains this point, otherwise the screen with the pointer."""
        screen = _screen(place)
        at, free, ratio = screen.geometry().topLeft(), screen.availableGeometry(), screen.devicePixelRatio()
        area = Area(free.x(), free.y(), free.width(), free.height())
        return Room(area, (at.x(), at.y()), ratio, screen.name())

    def move(self, place: QRect, room: Room, anchor: Anchor) -> None:
        """Move the window; resizing it may flicker."""
        self.setGeometry(place)
        if not self.blended:
            self.setMask(pill_outline(place.size()))

    def show(self) -> None:
        """Show the window above all others."""
        self.visible = True
        super().show()
        self.raise_()

    def hide(self) -> None:
        """Hide the window again."""
        self.visible = False
        super().hide()

    def update(self, part: QRect | None = None) -> None:  # type: ignore[override]  # Qt's has overloads
        """Repaint a part of the window, or everything."""
        if part is None:
            super().update()
        else:
            super().update(part)

    def close(self) -> None:  # type: ignore[override]  # Qt's returns whether it closed
        """Close the window permanently."""
        self.visible = False
        super().close()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the changed region."""
        painter = QPainter(self)
        self.paint(painter, event.region())
        painter.end()


def _screen(place: tuple[int, int] | None) -> QScreen:
    for screen in QGuiApplication.screens():
        if place and shows(screen.geometry(), screen.devicePixelRatio(), QPoint(*place)):
            return screen
    return QGuiApplication.screenAt(QCursor.pos()) or QGuiApplication.primaryScreen()


def shows(screen: QRect, ratio: float, place: QPoint) -> bool:
    """Return whether a screen contains a point in system pixels.

    Qt divides the size of a screen by ``ratio``, but not its origin.
    """
    return QRect(screen.topLeft(), screen.size() * ratio).contains(place)


def pill_outline(size: QSize) -> QRegion:
    """Return the outline of the pill as a window mask."""
    side = 2 * RADII.large
    width, height = size.width(), size.height()
    corners = (0, 0), (width - side, 0), (0, height - side), (width - side, height - side)
    region = QRegion(RADII.large, 0, width - side, height)
    region += QRegion(0, RADII.large, width, height - side)
    for x, y in corners:
        region += QRegion(x, y, side, side, QRegion.RegionType.Ellipse)
    return region


def blends() -> bool:
    """Return whether windows are blended; only an X11 screen without a compositing manager does not."""
    if QGuiApplication.platformName() != "xcb":
        return True
    from app.desktop.sources import selection_has_owner  # its library is missing on other systems

    return selection_has_owner("_NET_WM_CM")
