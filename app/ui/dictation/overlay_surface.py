"""The place where the overlay is painted, as the overlay sees it: a window of Qt, or a surface of Wayland."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QRegion

from app.core.area import Area
from app.dictation.view import View
from app.ui.dictation.overlay_place import Anchor, OverlaySurroundings, to_screen

Paint = Callable[[QPainter, QRegion], None]
"""Paints a region of the overlay."""


@dataclass(frozen=True)
class Room:
    """The screen for the overlay: its ``free`` part, and its ``origin``.

    ``ratio``: system pixels for each of its own. ``screen``: its name, empty if the desktop chooses.
    """

    free: Area
    origin: tuple[int, int] = (0, 0)
    ratio: float = 1.0
    screen: str = ""

    def around(self, view: View) -> OverlaySurroundings:
        """Return everything known around the overlay, in the pixels of this screen."""
        field, caret = (view.place.field, view.place.caret) if view.place else (None, None)
        found = (
            to_screen(area, self.origin, self.ratio) if area else None for area in (view.window, field, caret)
        )
        return OverlaySurroundings(self.free, *found)


class Surface(Protocol):
    """A surface that is above all windows and takes neither focus nor clicks.

    ``visible``: between ``show`` and ``hide``. ``blended``: it may be partly transparent.
    """

    visible: bool
    blended: bool
    paint: Paint

    def room(self, place: tuple[int, int] | None) -> Room:
        """Return the screen that shows this point in system pixels, else the one that the user looks at."""

    def move(self, place: QRect, room: Room, anchor: Anchor) -> None:
        """Move to another place; the size may change too."""

    def show(self) -> None:
        """Appear above all windows."""

    def hide(self) -> None:
        """Disappear from the screen. Safe to call twice."""

    def update(self, part: QRect | None = None) -> None:
        """Have a part painted again, or everything."""

    def close(self) -> None:
        """End the surface for good."""
