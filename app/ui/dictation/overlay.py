"""Overlay: a pill above all windows that never takes the focus or clicks.

The overlay is a bare window, not a widget: widgets are in the accessibility tree, and screen readers would
announce them.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import Final

from PySide6.QtCore import QMargins, QPoint, QPointF, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QCursor,
    QGuiApplication,
    QPainter,
    QPaintEvent,
    QRasterWindow,
    QRegion,
    QScreen,
)

from app.core.states import State
from app.dictation.view import View
from app.ui.dictation.overlay_timing import OverlayTiming
from app.ui.dictation.pill import SHADOW, Drawing, Levels, Pill, paint_shadow
from app.ui.settings.choices import PASTE_HELD, Choices
from app.ui.strings.texts import Texts
from app.ui.strings.wording import key_text
from app.ui.theme.theme import RADII, SPACING, Theme

FRAME_MS: Final = 50
_ABOVE_EDGE: Final = 48
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
    """Return True if a program may place its windows.

    Wayland forbids it; there, tray and sounds replace the overlay.
    """
    return not QGuiApplication.platformName().startswith("wayland")


class Overlay(QRasterWindow):
    """Overlay on the screen with the target window, or with the pointer if no target is known.

    ``translucent``: the desktop blends windows; otherwise the pill has no shadow and a hard edge.
    """

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        *,
        translucent: bool = True,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._theme, self._texts, self._now = theme, texts, now
        self._paste_key = ""
        self._margin = SHADOW if translucent else 0
        self.pill = Pill(theme, texts)
        self.levels = Levels()
        self._lingering = OverlayTiming()
        self._view = View()
        self._shown: View | None = None
        self._drawing: Drawing | None = None
        self.setFlags(FLAGS)
        self.setTitle(texts("overlay.name"))  # different from the main window's title
        self.setProperty(_WITHOUT_ACTIVATING, True)
        self.setProperty(_ALSO_IN_BACKGROUND, True)
        if translucent:
            look = self.requestedFormat()
            look.setAlphaBufferSize(8)
            self.setFormat(look)
        self._frames = _timer(self, self._frame, FRAME_MS)
        self._end = _timer(self, self._look, None)
        theme.changed.connect(self.refresh)
        texts.changed.connect(self.refresh)

    def show_view(self, view: View) -> None:
        """Show this view; the end of a take stays visible for a while."""
        self._view = view
        self._show(self._lingering.see(view, self._now()))

    def show_choices(self, choices: Choices) -> None:
        """Set the key that pastes held text."""
        self._paste_key = choices.works(PASTE_HELD)
        self.refresh()

    def refresh(self) -> None:
        """Draw again with the current colours, texts and sizes."""
        self.pill.paste_key = key_text(self._texts, self._paste_key)
        self._drawing = None
        self._show(self._shown)

    @property
    def drawing(self) -> Drawing | None:
        """Layout on the screen now, or None while hidden."""
        return self._drawing if self._shown else None

    def _look(self) -> None:
        self._show(self._lingering.at(self._now()))

    def _show(self, view: View | None) -> None:
        before, self._shown = self._shown, view
        if view is None:
            self._frames.stop()
            self._end.stop()
            self.levels.clear()
            self.hide()
            return
        if self._drawing is None or before is None or _still(before) != _still(view):
            self._lay_out(view, moving=before is None or view.at not in (None, before.at))
            self.update()
        if not self.isVisible():
            self.show()
            self.raise_()
        self._time(view)

    def _time(self, view: View) -> None:
        if view.state is not State.LISTENING:
            self._frames.stop()
        elif not self._frames.isActive():
            self._frames.start()
        left = self._lingering.until - self._now()
        if left == inf:
            self._end.stop()
        else:
            self._end.start(max(0, round(left * 1000) + 1))

    def _frame(self) -> None:
        self.levels.append(self._view.level_dbfs)
        if self._drawing and self._drawing.meter:
            meter = self._drawing.meter.translated(self._margin, self._margin)
            self.update(meter.toAlignedRect())

    def _lay_out(self, view: View, *, moving: bool) -> None:
        screen = self.choose_screen(view.at) if moving or self.screen() is None else self.screen()
        area = screen.availableGeometry()
        self.pill.most_width = area.width() - 2.0 * SPACING.wide
        self._drawing = self.pill.drawing(view)
        margins = QMargins(self._margin, self._margin, self._margin, self._margin)
        size = self._drawing.size.toSize()
        left = area.left() + (area.width() - size.width()) // 2
        top = area.bottom() - _ABOVE_EDGE - size.height()
        place = QRect(QPoint(left, top), size).marginsAdded(margins)
        if place != self.geometry():
            self.setGeometry(place)
            if not self._margin:
                self.setMask(_rounded(place.size()))

    def choose_screen(self, place: tuple[int, int] | None) -> QScreen:
        """Return the screen that contains this point in system pixels, else the screen with the pointer."""
        for screen in QGuiApplication.screens():
            if place and shows(screen.geometry(), screen.devicePixelRatio(), QPoint(*place)):
                return screen
        return QGuiApplication.screenAt(QCursor.pos()) or QGuiApplication.primaryScreen()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the changed region."""
        if self._shown is None or self._drawing is None:
            return
        painter = QPainter(self)
        painter.setClipRegion(event.region())
        if self._margin:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            painter.fillRect(event.rect(), Qt.GlobalColor.transparent)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
            paint_shadow(painter, QRectF(QPointF(self._margin, self._margin), self._drawing.size))
        else:
            painter.fillRect(event.rect(), self._theme.colour("surface"))
        painter.translate(self._margin, self._margin)
        self.pill.paint(painter, self._shown, self.levels, self._drawing)
        painter.end()


def shows(screen: QRect, ratio: float, place: QPoint) -> bool:
    """Return True if a screen contains a point in system pixels.

    Qt divides the size of a screen by ``ratio``, but not its origin.
    """
    return QRect(screen.topLeft(), screen.size() * ratio).contains(place)


def _still(view: View) -> View:
    """Return the view without changes that do not affect the layout."""
    return replace(view, level_dbfs=0.0, seconds=float(int(view.seconds)), unsent_s=float(round(view.unsent_s)))


def _rounded(size: QSize) -> QRegion:
    """Return the outline of the pill as a window mask."""
    side = 2 * RADII.large
    width, height = size.width(), size.height()
    corners = (0, 0), (width - side, 0), (0, height - side), (width - side, height - side)
    region = QRegion(RADII.large, 0, width - side, height)
    region += QRegion(0, RADII.large, width, height - side)
    for x, y in corners:
        region += QRegion(x, y, side, side, QRegion.RegionType.Ellipse)
    return region


def _timer(owner: Overlay, do: Callable[[], None], every_ms: int | None) -> QTimer:
    timer = QTimer(owner)
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setSingleShot(every_ms is None)
    if every_ms is not None:
        timer.setInterval(every_ms)
    timer.timeout.connect(do)
    return timer
