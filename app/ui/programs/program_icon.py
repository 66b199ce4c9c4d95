"""Icon of a program, from the icon theme of the desktop."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon, QPixmap

from app.system.desktop_entries import program_icon
from app.ui.theme import icons
from app.ui.theme.theme import Theme

_PLAIN: Final = ("program", "text")
_OUTSIDE_THEMES: Final = (Path("/usr/share/pixmaps"), Path("/usr/local/share/pixmaps"))
_ENDINGS: Final = ("png", "svg", "xpm")


def icon_for(theme: Theme, window_class: str) -> QIcon:
    """Return the icon of a program, or that of any program."""
    found = named_icon(program_icon(window_class))
    return found if usable(found) else icons.icon(_PLAIN[0], theme.colour(_PLAIN[1]))


def named_icon(name: str, places: Sequence[Path] = _OUTSIDE_THEMES) -> QIcon:
    """Return the icon with this name or path; an empty one if it cannot be found."""
    if not name:
        return QIcon()
    if Path(name).is_absolute():
        return QIcon(name) if Path(name).is_file() else QIcon()
    if not (found := QIcon.fromTheme(name)).isNull():
        return found
    files = (place / f"{name}.{ending}" for place in places for ending in _ENDINGS)
    return next((QIcon(str(file)) for file in files if "/" not in name and file.is_file()), QIcon())


def usable(found: QIcon) -> bool:
    """Return whether an icon can be drawn: its file may be damaged."""
    return not found.isNull() and not found.pixmap(QSize(32, 32)).isNull()


def drawn(found: QIcon, side: int, ratio: float) -> QPixmap:
    """Return the icon for a label: ``side`` in pixels of the layout, ``ratio`` of the screen's to those."""
    return found.pixmap(QSize(side, side), ratio)
