"""The settings file as it is now, read without the TOML writer of the desktop extra."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from app.settings.errors import SettingsError, SettingsUnreadable
from app.settings.path import settings_place
from app.settings.schema import from_mapping
from app.settings.sections import Settings


def settings_now(place: Path | None = None) -> tuple[Settings, Sequence[SettingsError]]:
    """Return this user's settings and their problems, for a command that runs without the app. Blocks."""
    try:
        document = tomllib.loads((place or settings_place()).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        document = {}
    except (OSError, ValueError, RecursionError) as error:
        return Settings(), [SettingsUnreadable(str(error))]
    return from_mapping(document)
