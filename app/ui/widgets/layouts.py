"""Rows and columns of widgets, each built by one call."""

from typing import Final, NamedTuple, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from app.ui.theme.theme import SPACING

B = TypeVar("B", bound=QBoxLayout)
L = TypeVar("L", bound=QLayout)

Margins = int | tuple[int, int] | tuple[int, int, int, int]
"""Pixels on all sides; or on the sides, then above and below; or left, above, right and below."""

CARD: Final = (SPACING.large, SPACING.medium)
"""Margins of a card."""


class Placed(NamedTuple):
    """Part of a layout with its share of the free room and its alignment; without a part, empty room."""

    part: QWidget | QLayout | None
    share: int = 0
    alignment: Qt.AlignmentFlag = Qt.AlignmentFlag(0)
    pixels: int = 0


Part = QWidget | QLayout | Placed

SPACE: Final = Placed(None, 1)
"""Empty room that takes what the other parts leave."""


def stretched(part: QWidget | QLayout, share: int = 1) -> Placed:
    """Return a part that takes a share of the free room."""
    return Placed(part, share)


def aligned(part: QWidget, alignment: Qt.AlignmentFlag) -> Placed:
    """Return a part that keeps its own size at this side of its room."""
    return Placed(part, 0, alignment)


def at_left(part: QWidget) -> Placed:
    """Return a part that keeps its own size at the left of its room."""
    return aligned(part, Qt.AlignmentFlag.AlignLeft)


def drop(part: QWidget, layout: QLayout | None = None) -> None:
    """Remove a widget for good, also from the layout that holds it."""
    if layout is not None:
        layout.removeWidget(part)
    part.hide()
    part.deleteLater()


def room(pixels: int) -> Placed:
    """Return empty room of this size."""
    return Placed(None, pixels=pixels)


def horizontal(
    *parts: Part, within: QWidget | None = None, margins: Margins = 0, gap: int | None = SPACING.small
) -> QHBoxLayout:
    """Return a row of parts that fills the widget ``within``.

    ``gap``: pixels between the parts; ``None`` takes the gap of the layout around.
    """
    return _filled(QHBoxLayout(), within, parts, margins, gap)


def vertical(
    *parts: Part, within: QWidget | None = None, margins: Margins = 0, gap: int | None = SPACING.small
) -> QVBoxLayout:
    """Return a column of parts, with the same options as a row."""
    return _filled(QVBoxLayout(), within, parts, margins, gap)


def grid(
    *, stretched: int, gaps: tuple[int, int], within: QWidget | None = None, margins: Margins = 0
) -> QGridLayout:
    """Return an empty grid of which one column takes the free width.

    ``gaps``: pixels between columns and between rows.
    """
    layout = _placed(QGridLayout(), within, margins)
    layout.setHorizontalSpacing(gaps[0])
    layout.setVerticalSpacing(gaps[1])
    layout.setColumnStretch(stretched, 1)
    return layout


def _placed(layout: L, within: QWidget | None, margins: Margins) -> L:
    if within is not None:
        within.setLayout(layout)
    sides = (margins, margins) if isinstance(margins, int) else margins
    left, above, right, below = sides * 2 if len(sides) == 2 else sides
    layout.setContentsMargins(left, above, right, below)
    return layout


def _filled(layout: B, within: QWidget | None, parts: tuple[Part, ...], margins: Margins, gap: int | None) -> B:
    _placed(layout, within, margins)
    if gap is not None:
        layout.setSpacing(gap)
    fill(layout, *parts)
    return layout


def fill(layout: QBoxLayout, *parts: Part) -> None:
    """Add parts to a row or a column."""
    for one in parts:
        part, share, alignment, pixels = one if isinstance(one, Placed) else Placed(one)
        if isinstance(part, QWidget):
            layout.addWidget(part, share, alignment)
        elif part is not None:
            layout.addLayout(part, share)
        elif pixels:
            layout.addSpacing(pixels)
        else:
            layout.addStretch(share)
