"""What a setting cannot be.

SettingsError           base (an ``AppError``)
├── BadSetting          there is no such setting, or it cannot have this value
├── SettingsUnreadable  the file is no TOML, or cannot be read
└── SettingsNotKept     the file cannot be written
"""

from app.errors import AppError


class SettingsError(AppError):
    """Base. The text says what to do about it."""


class BadSetting(SettingsError):
    """There is no such setting, or it cannot have this value.

    ``line``: of the file, where it is known. ``allowed``: the values that there are, where they can be counted.
    ``row``: the one of a list of tables that cannot be, from 1.
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
    """The file is no TOML, or cannot be read."""

    def __init__(self, text: str, line: int | None = None) -> None:
        super().__init__(text)
        self.line = line


class SettingsNotKept(SettingsError):
    """The file cannot be written."""
