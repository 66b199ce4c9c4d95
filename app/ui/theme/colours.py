"""Colours of the light, dark and high contrast schemes, and the style sheet built from the design tokens. Pure.

Each pair that carries text meets WCAG 2.2 AA. The dynamic property ``role`` selects variants of Qt's own widgets.
"""

from dataclasses import dataclass
from enum import StrEnum
from string import Template
from typing import Final

from app.core.states import State


class Scheme(StrEnum):
    """Colour schemes of the windows."""

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
    """Return the name of a state's colour; the shape of its icon shows the state without colour.

    Accent is for progress, amber for waiting or held text and for failures, and muted for quiet states.
    Red is reserved for buttons that destroy something.
    """
    if state in _WARNING:
        return "warning"
    return "muted" if state in _QUIET else "accent"


_SHEET: Final = Template(
    """
QWidget { color: $text; }
QWidget#page, QScrollArea, QScrollArea > QWidget > QWidget#list { background: $window; border: none; }
QWidget#sidebar { background: $sunken; border: none; border-right: 1px solid $line; }
QFrame#popover { background: $surface; border: 2px solid $edge; border-radius: ${card}px; }
QFrame#popover QScrollArea, QFrame#popover QScrollArea > QWidget > QWidget#list { background: $surface; }
QFrame[role="card"] { background: $surface; border: 1px solid $line; border-radius: ${card}px; }
QFrame[role="notice"] { background: $warning_soft; border: 1px solid $warning; border-radius: ${card}px; }
QLabel { background: transparent; border: none; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="warning"] { color: $warning; }
QLabel[role="danger"] { color: $danger; }

QPushButton { background: $surface; color: $text; border: 1px solid $edge; border-radius: ${radius}px;
    padding: ${pad}px ${wide}px; }
QPushButton:hover { background: $accent_soft; border-color: $accent; }
QPushButton:pressed { background: $sunken; }
QPushButton:focus { border: 2px solid $accent; padding: ${pad_focus}px ${wide_focus}px; }
QPushButton:disabled { color: $muted; border-color: $line; }
QPushButton[role="primary"] { background: $accent; color: $on_accent; border-color: $accent; }
QPushButton[role="primary"]:hover { background: $accent_strong; border-color: $accent_strong; }
QPushButton[role="primary"]:focus { border: 2px solid $text; }
QPushButton[role="primary"]:disabled { background: $surface; color: $muted; border-color: $line; }
QPushButton[role="quiet"] { background: $sunken; color: $text; border-color: $line;
    padding: ${hair}px ${pad}px; }
QPushButton[role="quiet"]:hover { background: $accent_soft; border-color: $accent; }
QPushButton[role="quiet"]:focus { border: 2px solid $accent; padding: ${hair_focus}px ${pad_focus}px; }
QPushButton[role="icon"] { background: transparent; border-color: transparent; padding: ${hair}px; }
QPushButton[role="icon"]:hover { background: $accent_soft; border-color: $accent; }
QPushButton[role="icon"]:focus { border: 2px solid $accent; padding: ${hair_focus}px; }
QPushButton::menu-indicator { image: none; }
QPushButton[role="icon"]::menu-indicator { width: 0; }
QPushButton[role="danger"] { color: $danger; border-color: $danger; }

QLineEdit, QTextEdit, QPlainTextEdit { background: $surface; color: $text; border: 1px solid $edge;
    placeholder-text-color: $muted; border-radius: ${radius}px; padding: ${hair}px ${pad}px;
    selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:focus, QTextEdit:focus, QPlainTextEdit:focus { border: 2px solid $accent;
    padding: ${hair_focus}px ${pad_focus}px; }
QListView#list { background: $window; border: none; outline: none; }
QListView#rows { background: $window; border: 1px solid $line; border-radius: ${radius}px; outline: none;
    padding: ${hair_focus}px 0; }
QListView#rows:focus { border-color: $accent; }

QTableView { background: $surface; border: 1px solid $line; border-radius: ${radius}px; outline: none;
    selection-background-color: $accent_soft; selection-color: $text; }
QTableView:focus { border: 1px solid $accent; }
QTableView#list, QTableView#list:focus { background: $window; border: none; border-radius: 0;
    selection-background-color: transparent; }
QTableView QLineEdit { border: 2px solid $accent; border-radius: 0; padding: 0 ${hair}px; }
QHeaderView, QHeaderView::section { background: $surface; color: $muted; border: none; }
QHeaderView::section { border-bottom: 1px solid $line; padding: ${hair}px ${pad}px; }

QMenu { background: $surface; color: $text; border: 1px solid $line; padding: ${pad}px; }
QMenu::item { border-radius: ${radius}px; }
QMenu::indicator, QMenu::right-arrow { image: none; width: 0; height: 0; }
QMenu::item:selected { background: $accent_soft; color: $text; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $line; margin: ${hair}px ${pad}px; }

QComboBox QAbstractItemView { background: $surface; color: $text; border: 1px solid $edge; outline: none;
    selection-background-color: $accent_soft; selection-color: $text; padding: ${hair}px; }
QToolTip { background: $surface; color: $text; border: 1px solid $line; padding: ${hair}px; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar::handle:vertical { background: $edge; border-radius: 3px; min-height: 32px; margin: 2px; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle:horizontal { background: $edge; border-radius: 3px; min-width: 32px; margin: 2px; }
QScrollBar::add-line, QScrollBar::sub-line { height: 0; width: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: none; }
"""
)


def stylesheet(colours: Colours, radius: int, pad: int) -> str:
    """Return the style sheet; ``radius`` and ``pad`` are in pixels.

    A focus ring is one pixel wider than the border and takes that pixel from the padding.
    """
    sizes = {
        "radius": radius,
        "card": radius * 2,
        "pad": pad,
        "pad_focus": pad - 1,
        "hair": pad // 2,
        "hair_focus": pad // 2 - 1,
        "wide": pad * 2,
        "wide_focus": pad * 2 - 1,
    }
    return _SHEET.substitute(vars(colours), **sizes)
