"""Errors of settings.

SettingsError           base (an ``AppError``)
├── BadSetting          the setting is unknown, or its value is not allowed
├── SettingsUnreadable  the file is not valid TOML, or cannot be read
└── SettingsNotKept     the file cannot be written
"""

from app.core.errors import AppError, Note


class SettingsError(AppError):
    """The base of all settings errors. The text contains the remedy."""


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
        self.fault = text
        self.line = line
        self.allowed = allowed
        values = {"place": f"{name} (settings.toml:{line})" if line else name}
        if allowed:
            self.note = Note("setting-not-allowed", {**values, "allowed": allowed})
        else:
            self.note = Note("setting-bad", values)


class SettingsUnreadable(SettingsError):
    """An error: the settings file is not valid TOML, or cannot be read."""

    note = Note("settings-unreadable")

    def __init__(self, text: str, line: int | None = None) -> None:
        super().__init__(text)
        if line:
            self.note = Note("settings-no-toml", {"line": str(line)})


class SettingsNotKept(SettingsError):
    """An error: the settings file cannot be written."""

    note = Note("settings-not-kept")
