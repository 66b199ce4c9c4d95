"""Render every window and state, in both languages, light and dark, as contact sheets."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from scripts import scenes_computers, scenes_home, scenes_pages, scenes_settings, scenes_shell
from scripts.drawing import LARGE_LOOKS, LOOKS, Draw, Look, column, ground, sheet, smaller
from scripts.picture_files import draw_all

SHOWN: Final = 0.75
"""Scale of the sheets with large letters."""
FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "screenshots"

SHEETS: Final[Mapping[str, Sequence[Draw]]] = {
    "home": scenes_home.HOME,
    "recording": scenes_home.TAKE,
    "shell": scenes_shell.SHELL,
    "overlay": scenes_shell.OVERLAY,
    "tray": scenes_shell.TRAY,
    "first-steps": scenes_pages.FIRST_STEPS,
    "files": scenes_pages.FILES,
    "dictionary": scenes_pages.DICTIONARY,
    "settings": scenes_settings.SETTINGS,
    "models": scenes_settings.MODELS,
    "computers": scenes_computers.COMPUTERS,
    "sharing": scenes_computers.SHARING,
    "advanced": scenes_settings.ADVANCED,
    "monitor": scenes_pages.MONITOR,
}
"""The scenes of each sheet, from top to bottom."""


def part(name: str, look: Look) -> QImage:
    """Draw all scenes of a sheet in one look, one below the other."""
    return column([draw(look) for draw in SHEETS[name]], ground(look))


def sheets(names: Sequence[str] = tuple(SHEETS)) -> Iterator[tuple[str, QImage]]:
    """Yield each sheet with its name, then that of the same scenes with large letters."""
    for name in names:
        yield name, sheet([(look, part(name, look)) for look in LOOKS])
        other = sheet([(look, smaller(look, part(name, look))) for look in LARGE_LOOKS])
        yield f"{name}-large", other.scaled(other.size() * SHOWN, mode=Qt.TransformationMode.SmoothTransformation)


def main(arguments: Sequence[str]) -> int:
    """Write the named contact sheets to the folder, by default all."""
    return draw_all(__doc__, arguments, FOLDER, sheets, SHEETS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
