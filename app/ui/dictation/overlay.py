"""Overlay: a pill above all windows that never takes the focus or clicks.

This module decides when, where and what to paint; a ``Surface`` shows it.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import Final

from PySide6.QtCore import QMargins, QObject, QPointF, QRect, QRectF, Qt, QVariantAnimation
from PySide6.QtGui import QPainter, QRegion

from app.core.area import Area
from app.core.hints import FirstTimes
from app.core.states import RECORDING, State
from app.dictation.view import View
from app.insertion.outcome import TextPlace
from app.ui.dictation.overlay_place import Anchor, Room, Surface, choose_anchor
from app.ui.dictation.pill import SHADOW, Drawing, Levels, Pill, paint_shadow
from app.ui.settings.choices import CANCEL, PASTE_HELD, Choices
from app.ui.strings.texts import Texts, key_text
from app.ui.theme.theme import SPACING, Theme
from app.ui.widgets.basic import timer

NOTE_S: Final = 4.0
STAYS_S: Final = {State.DONE: 1.5, State.HELD: 6.0, State.CANCELLED: 4.0, State.FAILED: 8.0, State.DAMAGED: 8.0}
"""Display time of each outcome in seconds; outcomes that need attention stay longer."""


def stays_s(view: View) -> float:
    """Return how long to show ``view``, in seconds; ``inf``: as long as its state lasts."""
    if view.state is State.IDLE:
        return NOTE_S if view.note else 0.0
    return STAYS_S.get(view.state, inf)


_NoteShown = tuple[str, float]
_NO_NOTE: Final = ("", 0.0)


def _note_shown(view: View) -> _NoteShown:
    return (view.note.key, view.note_until) if view.note else _NO_NOTE


class OverlayTiming:
    """Selector of the view to show.

    An outcome is shown for its full display time, even if the app becomes idle, unless it is a held text.
    """

    def __init__(self) -> None:
        self._phase: tuple[State, _NoteShown] = (State.IDLE, _NO_NOTE)
        self._waiting = 0
        self.until = 0.0
        self._shown: View | None = None

    def see(self, view: View, now: float) -> View | None:
        """Return the view to show at ``now`` (monotonic seconds) after ``view`` arrived."""
        waited, self._waiting = self._waiting, view.held + view.earlier
        if view.state is State.HELD and 0 < self._waiting <= waited:
            return self._view_without_text(view, now)
        if stay := stays_s(view):
            self._begin(view, now + stay)
        elif self.until == inf or self._phase[0] is State.HELD:
            self.until = now  # a held text was dismissed or copied
        return self.at(now)

    def _view_without_text(self, view: View, now: float) -> View | None:
        """Return the view to show if no new text is held.

        Only a new note makes the overlay appear again.
        """
        state, note = self._phase
        if state is State.HELD and now < self.until:
            self._shown = view
        elif view.note and _note_shown(view) != note:
            self._begin(view, now + NOTE_S)
        elif self.until == inf:
            self.until = now
        elif not view.note:
            self._phase = state, _NO_NOTE  # the same note is new when it comes again
        return self.at(now)

    def at(self, now: float) -> View | None:
        """Return the view to show at ``now``; ``None`` once its display time is over."""
        if now >= self.until:
            self._shown = None
        return self._shown

    def _begin(self, view: View, until: float) -> None:
        phase = view.state, _note_shown(view)
        if phase != self._phase or until == inf or self.until == inf:
            self.until = until
        self._phase = phase
        self._shown = view


FRAME_MS: Final = 50
OFF: Final = "off"
_OUTLINE: Final = 2.0  # without a shadow


class Overlay(QObject):
    """Overlay on the screen with the target window, or on the one that the surface chooses.

    ``surface``: shows it; if that is not blended, the pill has a thick outline instead of a shadow. ``hint``:
    counts how often the key that cancels was shown; ``None``: always show the key.
    """

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        surface: Surface,
        *,
        hint: FirstTimes | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._theme, self._texts, self._hint, self._now = theme, texts, hint, now
        self._paste_key = self._cancel_key = ""
        self._position = "bottom"
        self.surface = surface
        self._margin = SHADOW if surface.blended else 0
        self.pill = Pill(theme, texts)
        self.pill.edge = 1.0 if surface.blended else _OUTLINE
        self.levels = Levels()
        self._timing = OverlayTiming()
        self._view = View()
        self._shown: View | None = None
        self._drawing: Drawing | None = None
        self.room: Room | None = None
        self._anchor: Anchor | None = None
        self.body, self._place = QRect(), QRect()
        surface.paint = self.paint
        self._frames = timer(self, FRAME_MS, self._draw_frame, once=False)
        self._hide_timer = timer(self, 0, self._show_current)
        for precise in (self._frames, self._hide_timer):
            precise.setTimerType(Qt.TimerType.PreciseTimer)
        self._growth = QVariantAnimation(self)
        self._growth.valueChanged.connect(lambda _: surface.update())
        self._growth.finished.connect(surface.update)
        theme.changed.connect(self.refresh)
        texts.changed.connect(self.refresh)

    def show_view(self, view: View) -> None:
        """Show this view, or the outcome of the last take until its display time is over."""
        before, self._view = self._view, view
        ended = before.state in RECORDING and view.state not in {State.IDLE, *RECORDING}
        if ended and self._hint is not None and self._cancel_key:
            self._hint.count()
            self._name_keys()
        self._show(self._timing.see(view, self._now()))

    def show_choices(self, choices: Choices) -> None:
        """Set the keys that paste held text and that cancel."""
        self._paste_key, self._cancel_key = choices.works(PASTE_HELD), choices.works(CANCEL)
        self.refresh()

    def choose_place(self, position: str) -> None:
        """Set the place, a value of the setting ``general.overlay``."""
        if position != self._position:
            self._position, self._anchor = position, None
            self.refresh()

    def close(self) -> None:
        """Close the overlay permanently."""
        self._theme.changed.disconnect(self.refresh)
        self._texts.changed.disconnect(self.refresh)
        self._stop_timers()
        self.surface.close()

    def refresh(self) -> None:
        """Draw again with the current colours, texts and sizes."""
        self._name_keys()
        self._drawing = None
        self._show_current()

    def _name_keys(self) -> None:
        self.pill.paste_key = key_text(self._texts, self._paste_key)
        wanted = self._hint is None or self._hint.left > 0
        self.pill.cancel_key = key_text(self._texts, self._cancel_key) if wanted else ""

    @property
    def drawing(self) -> Drawing | None:
        """Layout that is on the screen, or ``None`` while hidden."""
        return self._drawing if self._shown else None

    def _show_current(self) -> None:
        self._show(self._timing.at(self._now()))

    def _show(self, view: View | None) -> None:
        view = None if self._position == OFF else view
        before, self._shown = self._shown, view
        if view is None:
            self._stop_timers()
            self.levels.clear()
            self._anchor = None
            self.surface.hide()
            return
        if self._drawing is None or before is None or _layout_view(before) != _layout_view(view):
            known = view.window is None or (before is not None and _target(before) == _target(view))
            self._lay_out(view, moving=self._anchor is None or not known)
            self.surface.update()
        if not self.surface.visible:
            self.surface.show()
        self._start_timers(view)

    def _stop_timers(self) -> None:
        for running in (self._frames, self._hide_timer, self._growth):
            running.stop()

    def _start_timers(self, view: View) -> None:
        if view.state is not State.LISTENING:
            self._frames.stop()
        elif not self._frames.isActive():
            self._frames.start()
        left = self._timing.until - self._now()
        if left == inf:
            self._hide_timer.stop()
        else:
            self._hide_timer.start(max(0, round(left * 1000) + 1))

    def _draw_frame(self) -> None:
        self.levels.append(self._view.level_dbfs)
        if self._drawing and self._drawing.meter:
            meter = self._drawing.meter.translated(self.grown().topLeft())
            self.surface.update(meter.toAlignedRect())

    def _lay_out(self, view: View, *, moving: bool) -> None:
        if moving or self.room is None:
            self.room = self.surface.room(view.window.middle if view.window else None)
        free = self.room.free
        self.pill.most_width = free.width - 2.0 * SPACING.wide
        self._drawing = self.pill.drawing(view)
        most = self.pill.most.toSize()
        if moving or self._anchor is None:
            self._anchor = choose_anchor(most.toTuple(), self._position, self.room.around(view))
        size = self._drawing.size.toSize()
        largest = self._anchor.area(*most.expandedTo(size).toTuple(), free)
        self._move(QRect(*self._anchor.area(*size.toTuple(), free)), QRect(*largest), self.room, self._anchor)

    def _move(self, to: QRect, largest: QRect, room: Room, anchor: Anchor) -> None:
        """Move the pill, with an animation if its old and new places overlap.

        A blended surface has room for the ``largest`` pill, because resizing it would flicker.
        """
        before, self.body = self.body, to
        if to != before:
            self._growth.stop()
        if to != before and self.surface.visible and self._margin and before.intersects(to):
            self._growth.setDuration(self._theme.motion.quick)  # 0 if motion is reduced
            self._growth.setStartValue(QRectF(before))
            self._growth.setEndValue(QRectF(to))
            self._growth.start()
        margins = QMargins(self._margin, self._margin, self._margin, self._margin)
        place = to.united(largest).marginsAdded(margins) if self._margin else to
        if place != self._place or not self.surface.visible:
            self._place = place
            self.surface.move(place, room, anchor)

    def grown(self) -> QRectF:
        """Return the current rectangle of the animated body, in coordinates of the surface."""
        moving = self._growth.state() is QVariantAnimation.State.Running
        body = QRectF(self._growth.currentValue() if moving else self.body)
        return body.translated(-QPointF(self._place.topLeft()))

    def paint(self, painter: QPainter, region: QRegion) -> None:
        """Paint a region of the surface."""
        if self._shown is None or self._drawing is None:
            return
        painter.setClipRegion(region)
        body = self.grown()
        if self._margin:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            painter.fillRect(region.boundingRect(), Qt.GlobalColor.transparent)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
            paint_shadow(painter, body)
        else:
            painter.fillRect(region.boundingRect(), self._theme.colour("edge"))
        self.pill.paint_body(painter, body)
        # Text must not cross the outline of a growing pill.
        inside = body.adjusted(SPACING.small, 2, -SPACING.small, -2)
        painter.setClipRect(inside, Qt.ClipOperation.IntersectClip)
        painter.translate(body.topLeft())
        self.pill.paint_parts(painter, self._shown, self.levels, self._drawing)


def _layout_view(view: View) -> View:
    """Return the view with values normalised that do not affect the layout."""
    return replace(view, level_dbfs=0.0, seconds=float(int(view.seconds)), unsent_s=float(round(view.unsent_s)))


def _target(view: View) -> tuple[Area | None, TextPlace | None]:
    return view.window, view.place
