"""Colours of the light, dark and high contrast schemes.

Each pair that carries text meets WCAG 2.2 AA.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.core.states import State


class Scheme(StrEnum):
    """Colour scheme that the system asks for."""

    LIGHT = "light"
    DARK = "dark"
    HIGH_CONTRAST = "high-contrast"


@dataclass(frozen=True)
class Colours:
    """Colours of one scheme, as ``#rrggbb``.

    ``line`` separates areas; ``edge`` outlines controls (contrast 3:1).
    """

    window: str
    surface: str
    sunken: str
    line: str
    edge: str
    text: str
    muted: str
    accent: str
    accent_strong: str
    accent_soft: str
    on_accent: str
    warning: str
    warning_soft: str
    danger: str


COLOURS: Final = {
    Scheme.LIGHT: Colours(
        window="#f4f7f5",
        surface="#ffffff",
        sunken="#eaf0ed",
        line="#d8e1dc",
        edge="#7d8f87",
        text="#12211b",
        muted="#52645c",
        accent="#19694f",
        accent_strong="#0f5740",
        accent_soft="#dcefe7",
        on_accent="#ffffff",
        warning="#875200",
        warning_soft="#fdf1dc",
        danger="#b3261e",
    ),
    Scheme.DARK: Colours(
        window="#0f1513",
        surface="#171f1c",
        sunken="#0a0f0d",
        line="#293530",
        edge="#6b7f76",
        text="#e8f1ec",
        muted="#9bb0a6",
        accent="#52c29a",
        accent_strong="#76d8b4",
        accent_soft="#18382d",
        on_accent="#05241a",
        warning="#e6b65c",
        warning_soft="#2e2411",
        danger="#ff8f86",
    ),
    Scheme.HIGH_CONTRAST: Colours(
        window="#000000",
        surface="#000000",
        sunken="#000000",
        line="#ffffff",
        edge="#ffffff",
        text="#ffffff",
        muted="#ffffff",
        accent="#66ffc2",
        accent_strong="#a6ffdb",
        accent_soft="#003d29",
        on_accent="#000000",
        warning="#ffd84d",
        warning_soft="#000000",
        danger="#ffa8a0",
    ),
}

_QUIET: Final = frozenset({State.IDLE, State.ARMING, State.CANCELLED})
_WARNING: Final = frozenset({State.WAITING, State.HELD, State.FAILED, State.DAMAGED})


def state_colour(state: State) -> str:
    """Return the name of the colour of a state, which its icon also tells by shape.

    Accent is for progress, amber for waiting or held text and for failures, and muted for quiet states.
    Red is left to buttons that destroy something.
    """
    if state in _WARNING:
        return "warning"
    return "muted" if state in _QUIET else "accent"
