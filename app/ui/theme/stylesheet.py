"""Style sheet for Qt's own widgets, made of the design tokens; the dynamic property ``role`` selects variants.

Pure.
"""

from string import Template
from typing import Final

from app.ui.theme.colours import Colours

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
QPushButton[role="icon"]::menu-indicator { image: none; width: 0; }
QPushButton[role="danger"] { color: $danger; border-color: $danger; }

QLineEdit, QTextEdit, QPlainTextEdit { background: $surface; color: $text; border: 1px solid $edge;
    placeholder-text-color: $muted; border-radius: ${radius}px; padding: ${hair}px ${pad}px;
    selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:focus, QTextEdit:focus, QPlainTextEdit:focus { border: 2px solid $accent;
    padding: ${hair_focus}px ${pad_focus}px; }
QListView#list { background: $window; border: none; outline: none; }
QListView#rows { background: $window; border: 1px solid $line; border-radius: ${radius}px; outline: none; }
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
QMenu::item { padding: ${pad}px ${menu}px ${pad}px ${menu}px; border-radius: ${radius}px; }
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
        "menu": pad * 3,
    }
    return _SHEET.substitute(vars(colours), **sizes)
