"""Choose the place of the overlay, clear of text cursor and field if possible; define its surfaces."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QRegion

from app.core.area import Area
from app.dictation.view import View

GAP: Final = 12
"""Distance from the text cursor in pixels."""
FROM_EDGE: Final = 48
_AT_EDGE: Final = 8
_MARGIN: Final = 4


@dataclass(frozen=True)
class OverlaySurroundings:
    """Areas around the overlay, in the same pixels, as far as they are known.

    ``screen``: the part that panels leave free. ``window``, ``field`` and ``caret``: where the dictated text goes.
    """

    screen: Area
    window: Area | None = None
    field: Area | None = None
    caret: Area | None = None


@dataclass(frozen=True)
class Anchor:
    """Point from which the overlay grows: on its lower edge if ``upward``, otherwise on its upper edge.

    ``centred``: the point is in the middle of this edge, otherwise at its left end. ``at_edge``: the overlay is at
    the middle of the screen's lower or upper edge.
    """

    x: int
    y: int
    upward: bool
    centred: bool = True
    at_edge: bool = False

    def area(self, width: int, height: int, screen: Area) -> Area:
        """Return the area of an overlay of this size, moved into the screen if necessary."""
        left = self.x - width // 2 if self.centred else self.x
        top = self.y - height if self.upward else self.y
        return Area(
            max(screen.x, min(left, screen.right - width)),
            max(screen.y, min(top, screen.bottom - height)),
            width,
            height,
        )


def choose_anchor(most: tuple[int, int], position: str, around: OverlaySurroundings) -> Anchor:
    """Return the best place for an overlay that may become as large as ``most``.

    ``position``: a value of the setting ``general.overlay``. The place covers as little as possible of the text
    cursor, then of the field; a field that fills the screen is covered.
    """

    def cost(anchor: Anchor) -> tuple[int, int, bool, bool]:
        here = anchor.area(*most, around.screen)
        on_caret = here.shared_pixels(around.caret.grown(GAP - 1)) if around.caret else 0
        on_field = here.shared_pixels(around.field.grown(_MARGIN)) if around.field else 0
        text_known = around.caret or around.field
        on_window = not text_known and around.window is not None and here.shared_pixels(around.window) > 0
        return on_caret, on_field, on_window, anchor.y != (here.bottom if anchor.upward else here.y)

    return min(_candidates(most, position, around), key=cost)  # the first one of equal cost


def _candidates(most: tuple[int, int], position: str, around: OverlaySurroundings) -> Iterator[Anchor]:
    """Yield possible places, the preferred ones first."""
    if position == "cursor":
        for area in filter(None, (around.caret, around.field)):
            yield from _below_and_above(area, around.caret)
        if around.window and not (around.caret or around.field):
            yield from _below_and_above(around.window)
            yield Anchor(around.window.middle[0], around.window.bottom - FROM_EDGE, upward=True)
            return
    first, second = (True, False) if position != "top" else (False, True)
    yield from _at_edge(around.screen, upward=first)
    if around.caret is None and around.field is None:
        return  # the field may be anywhere, so use the edge that the user expects
    yield from _at_edge(around.screen, upward=second)
    for area in filter(None, (around.field, around.caret)):
        yield from _below_and_above(area)
    for x in (around.screen.x + most[0] // 2, around.screen.right - most[0] // 2):
        yield Anchor(x, around.screen.bottom - FROM_EDGE, upward=True)
        yield Anchor(x, around.screen.y + FROM_EDGE, upward=False)


def _at_edge(screen: Area, *, upward: bool) -> Iterator[Anchor]:
    """Yield the middle of the lower or upper edge, at the usual and at the minimum distance."""
    for distance in (FROM_EDGE, _AT_EDGE):
        y = screen.bottom - distance if upward else screen.y + distance
        yield Anchor(screen.middle[0], y, upward, at_edge=True)


def _below_and_above(area: Area, caret: Area | None = None) -> Iterator[Anchor]:
    """Yield the places directly below and above an area: centred on it, or beginning at the text cursor."""
    x = area.middle[0] if caret is None else caret.x
    yield Anchor(x, area.bottom + GAP, upward=False, centred=caret is None)
    yield Anchor(x, area.y - GAP, upward=True, centred=caret is None)


def to_screen(area: Area, origin: tuple[int, int], ratio: float) -> Area:
    """Convert an area from system pixels to the pixels of a screen.

    Qt divides the size of a screen by ``ratio``, but not its ``origin``.
    """
    left, top = origin
    x, y = left + round((area.x - left) / ratio), top + round((area.y - top) / ratio)
    return Area(x, y, round(area.width / ratio), round(area.height / ratio))


Paint = Callable[[QPainter, QRegion], None]
"""Paints a region of the overlay."""


@dataclass(frozen=True)
class Room:
    """Screen for the overlay: its part that panels leave ``free``, and its ``origin``.

    ``ratio``: system pixels per pixel of the screen. ``screen``: its name, empty if the compositor chooses.
    """

    free: Area
    origin: tuple[int, int] = (0, 0)
    ratio: float = 1.0
    screen: str = ""

    def around(self, view: View) -> OverlaySurroundings:
        """Return the known areas around the overlay, in the pixels of this screen."""
        field, caret = (view.place.field, view.place.caret) if view.place else (None, None)
        found = (
            to_screen(area, self.origin, self.ratio) if area else None for area in (view.window, field, caret)
        )
        return OverlaySurroundings(self.free, *found)


class Surface(Protocol):
    """Surface above all windows that takes neither focus nor clicks.

    ``visible``: between ``show`` and ``hide``. ``blended``: it may be partly transparent.
    """

    visible: bool
    blended: bool
    paint: Paint

    def room(self, place: tuple[int, int] | None) -> Room:
        """Return the screen that shows this point, in system pixels, otherwise the one in use."""

    def move(self, place: QRect, room: Room, anchor: Anchor) -> None:
        """Move to another place; the size may change too."""

    def show(self) -> None:
        """Appear above all windows."""

    def hide(self) -> None:
        """Disappear from the screen. Safe to call twice."""

    def update(self, part: QRect | None = None) -> None:
        """Repaint a part of the surface, or everything."""

    def close(self) -> None:
        """Close the surface permanently."""


def paint_nothing(painter: QPainter, region: QRegion) -> None:
    """Paint nothing: the default until an overlay sets its own function."""
