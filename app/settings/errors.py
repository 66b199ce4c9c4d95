"""Errors of settings.

SettingsError           base (an ``AppError``)
├── BadSetting          the setting is unknown, or its value is not allowed
├── SettingsUnreadable  the file is not valid TOML, or cannot be read
└── SettingsNotKept     the file cannot be written
"""

from app.core.errors import AppError


class SettingsError(AppError):
    """The base of all settings errors. The text says what to do."""


class BadSetting(SettingsError):
    """An error: the setting is unknown, or its value is not allowed.

    ``line``: in the file, if known. ``allowed``: all possible values, if they can be listed. ``row``: the
    invalid row of a list of tables, from 1.
    """

    def __init__(
        self, name: str, text: str, line: int | None = None, allowed: str = "", row: int | None = None
    ) -> None:
        places = [f"row {row}"] * bool(row) + [f"line {line}"] * bool(line)
        place = f" ({', '.join(places)})" if places else ""
        super().__init__(f"{name}{place}: {text}")
        self.row = row
        self.name = name
        self.says = text
        self.line = line
        self.allowed = allowed


class SettingsUnreadable(SettingsError):
    """An error: the settings file is not valid TOML, or cannot be read."""

    def __init__(self, text: str, line: int | None = None) -> None:
        super().__init__(text)
        self.line = line


class SettingsNotKept(SettingsError):
    """An error: the settings file cannot be written."""
