"""The path of the settings file, and the values that the first window needs. Imports little, for a fast start."""

import tomllib
from pathlib import Path

from runtime.folders import folders
from runtime.whole_file import read_regular


def settings_place() -> Path:
    """Return the path of this user's settings file."""
    return folders().config / "settings.toml"


def read_appearance(place: Path) -> dict[str, str]:
    """Return the texts in section ``general``, such as the theme's name, unchecked; none of a damaged file."""
    try:
        general = tomllib.loads(read_regular(place).decode("utf-8-sig")).get("general")
    except (OSError, ValueError, RecursionError):
        return {}
    found = general.items() if isinstance(general, dict) else ()
    return {name: value for name, value in found if isinstance(value, str)}
