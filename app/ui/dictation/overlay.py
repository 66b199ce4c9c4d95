"""Overlay: a pill above all windows that never takes the focus or clicks.

The overlay is a bare window, not a widget: widgets are in the accessibility tree, and screen readers would
announce them.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import Final

from PySide6.QtCore import QMargins, QPoint, QPointF, QRect, QRectF, QSize, Qt, QTimer, QVariantAnimation
from PySide6.QtGui import (
    QCursor,
    QGuiApplication,
    QPainter,
    QPaintEvent,
    QRasterWindow,
    QRegion,
    QScreen,
)

from app.core.area import Area
from app.core.first_times import FirstTimes
from app.core.states import State
from app.dictation.view import View
from app.insertion.outcome import TextPlace
from app.ui.dictation.overlay_place import Anchor, Surroundings, choose_anchor, to_screen
from app.ui.dictation.overlay_timing import OverlayTiming
from app.ui.dictation.pill import SHADOW, Drawing, Levels, Pill, paint_shadow
from app.ui.settings.choices import CANCEL, PASTE_HELD, Choices
from app.ui.strings.texts import Texts
from app.ui.strings.wording import key_text
from app.ui.theme.theme import RADII, SPACING, Theme

FRAME_MS: Final = 50
OFF: Final = "off"
_OUTLINE: Final = 2.0  # without a shadow
_RECORDING: Final = frozenset({State.ARMING, State.LISTENING})
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

    ``translucent``: the desktop blends windows; otherwise the pill has a thick outline instead of a shadow.
    ``hint``: how often the key that cancels was shown; ``None`` shows it always. ``wish``: the wanted place, a
    value of the setting ``general.overlay``.
    """

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        *,
        translucent: bool = True,
        hint: FirstTimes | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._theme, self._texts, self._hint, self._now = theme, texts, hint, now
        self._paste_key = self._cancel_key = ""
        self._wish = "bottom"
        self._margin = SHADOW if translucent else 0
        self.pill = Pill(theme, texts)
        self.pill.edge = 1.0 if translucent else _OUTLINE
        self.levels = Levels()
        self._lingering = OverlayTiming()
        self._view = View()
        self._shown: View | None = None
        self._drawing: Drawing | None = None
        self._anchor: Anchor | None = None
        self._body, self._place = QRect(), QRect()
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
        self._growth = QVariantAnimation(self)
        self._growth.valueChanged.connect(lambda _: self.update())
        self._growth.finished.connect(self.update)
        theme.changed.connect(self.refresh)
        texts.changed.connect(self.refresh)

    def show_view(self, view: View) -> None:
        """Show this view; the end of a take stays visible for a while."""
        before, self._view = self._view, view
        ended = before.state in _RECORDING and view.state not in {State.IDLE, *_RECORDING}
        if ended and self._hint is not None and self._cancel_key:
            self._hint.count()
            self._name_keys()
        self._show(self._lingering.see(view, self._now()))

    def show_choices(self, choices: Choices) -> None:
        """Set the keys that paste held text and that cancel."""
        self._paste_key, self._cancel_key = choices.works(PASTE_HELD), choices.works(CANCEL)
        self.refresh()

    def choose_place(self, wish: str) -> None:
        """Set the wanted place."""
        if wish != self._wish:
            self._wish, self._anchor = wish, None
            self.refresh()

    @property
    def body(self) -> QRect:
        """Place of the pill without its shadow, once it has grown."""
        return self._body

    def refresh(self) -> None:
        """Draw again with the current colours, texts and sizes."""
        self._name_keys()
        self._drawing = None
        self._show(self._lingering.at(self._now()))

    def _name_keys(self) -> None:
        self.pill.paste_key = key_text(self._texts, self._paste_key)
        wanted = self._hint is None or self._hint.left > 0
        self.pill.cancel_key = key_text(self._texts, self._cancel_key) if wanted else ""

    @property
    def drawing(self) -> Drawing | None:
        """Layout on the screen now, or None while hidden."""
        return self._drawing if self._shown else None

    def _look(self) -> None:
        self._show(self._lingering.at(self._now()))

    def _show(self, view: View | None) -> None:
        view = None if self._wish == OFF else view
        before, self._shown = self._shown, view
        if view is None:
            self._frames.stop()
            self._end.stop()
            self._growth.stop()
            self.levels.clear()
            self._anchor = None
            self.hide()
            return
        if self._drawing is None or before is None or _still(before) != _still(view):
            known = view.window is None or (before is not None and _where(before) == _where(view))
            self._lay_out(view, moving=self._anchor is None or not known)
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
            meter = self._drawing.meter.translated(self.grown().topLeft())
            self.update(meter.toAlignedRect())

    def _lay_out(self, view: View, *, moving: bool) -> None:
        place = view.window.middle if view.window else None
        screen = self.choose_screen(place) if moving or self.screen() is None else self.screen()
        free = _area(screen.availableGeometry())
        self.pill.most_width = free.width - 2.0 * SPACING.wide
        self._drawing = self.pill.drawing(view)
        most = self.pill.most.toSize()
        if moving or self._anchor is None:
            self._anchor = choose_anchor(most.toTuple(), self._wish, _around(view, screen, free))
        size = self._drawing.size.toSize()
        room = self._anchor.area(*most.expandedTo(size).toTuple(), free)
        self._move(QRect(*self._anchor.area(*size.toTuple(), free)), QRect(*room))

    def _move(self, to: QRect, room: QRect) -> None:
        """Bring the pill to its new place: in one smooth step if it only grows or shrinks.

        Where windows are blended, the window has ``room`` for the largest pill: resizing it would flicker.
        """
        before, self._body = self._body, to
        if to != before:
            self._growth.stop()
        if to != before and self.isVisible() and self._margin and before.intersects(to):
            self._growth.setDuration(self._theme.motion.quick)  # 0 if motion is reduced
            self._growth.setStartValue(QRectF(before))
            self._growth.setEndValue(QRectF(to))
            self._growth.start()
        margins = QMargins(self._margin, self._margin, self._margin, self._margin)
        place = to.united(room).marginsAdded(margins) if self._margin else to
        if place != self._place:
            self._place = place
            self.setGeometry(place)
            if not self._margin:
                self.setMask(_rounded(place.size()))

    def grown(self) -> QRectF:
        """Return the body as far as it has grown, within the window."""
        moving = self._growth.state() is QVariantAnimation.State.Running
        body = QRectF(self._growth.currentValue() if moving else self._body)
        return body.translated(-QPointF(self._place.topLeft()))

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
        body = self.grown()
        if self._margin:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            painter.fillRect(event.rect(), Qt.GlobalColor.transparent)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
            paint_shadow(painter, body)
        else:
            painter.fillRect(event.rect(), self._theme.colour("edge"))
        self.pill.paint_body(painter, body)
        inside = body.adjusted(
            SPACING.small, 2, -SPACING.small, -2
        )  # text must not cross the outline of a growing pill
        painter.setClipRect(inside, Qt.ClipOperation.IntersectClip)
        painter.translate(body.topLeft())
        self.pill.paint_parts(painter, self._shown, self.levels, self._drawing)
        painter.end()


def shows(screen: QRect, ratio: float, place: QPoint) -> bool:
    """Return True if a screen contains a point in system pixels.

    Qt divides the size of a screen by ``ratio``, but not its origin.
    """
    return QRect(screen.topLeft(), screen.size() * ratio).contains(place)


def _still(view: View) -> View:
    """Return the view without changes that do not affect the layout."""
    return replace(view, level_dbfs=0.0, seconds=float(int(view.seconds)), unsent_s=float(round(view.unsent_s)))


def _where(view: View) -> tuple[Area | None, TextPlace | None]:
    return view.window, view.place


def _around(view: View, screen: QScreen, free: Area) -> Surroundings:
    """Return everything known around the overlay, in the pixels of its screen."""
    origin, ratio = screen.geometry().topLeft().toTuple(), screen.devicePixelRatio()
    field, caret = (view.place.field, view.place.caret) if view.place else (None, None)
    found = (to_screen(area, origin, ratio) if area else None for area in (view.window, field, caret))
    return Surroundings(free, *found)


def _area(place: QRect) -> Area:
    return Area(place.x(), place.y(), place.width(), place.height())


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
