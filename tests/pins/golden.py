"""The golden files by name, each with the function that produces its text."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.pins import commands, formats, programs

FOLDER: Final = Path(__file__).resolve().parents[1] / "data" / "pins"
TOGGLE: Final = "toggle.txt"

PINS: Final[Mapping[str, Callable[[], str]]] = {
    "broker.txt": formats.broker,
    "commands.txt": commands.commands,
    "constants.txt": formats.constants,
    "help.txt": commands.help_texts,
    "journal.txt": formats.journal,
    "loggers.txt": formats.loggers,
    "openapi.json": formats.openapi,
    "scripts.txt": formats.scripts,
    "settings.txt": formats.settings,
    "shapes.txt": formats.shapes,
    TOGGLE: programs.toggle,
    "variables.txt": programs.variables,
    "wheel.txt": programs.wheel,
}


def stored(name: str) -> str:
    """Return the text of a golden file."""
    return (FOLDER / name).read_text(encoding="utf-8")
