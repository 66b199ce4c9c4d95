"""Where the settings file is, for windows that only tell its place: nothing is imported that reads it."""

from pathlib import Path

from runtime.folders import folders


def settings_place() -> Path:
    """Of this user."""
    return folders().config / "settings.toml"
