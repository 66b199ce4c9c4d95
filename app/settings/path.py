"""The path of the settings file, for windows that only display it: imports no parser."""

from pathlib import Path

from runtime.folders import folders


def settings_place() -> Path:
    """Return the path of this user's settings file."""
    return folders().config / "settings.toml"
