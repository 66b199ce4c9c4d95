"""Errors of hotkeys.

HotkeyError             base (an ``AppError``)
├── HotkeyUnknown       the text names no usable key or combination
├── HotkeyTaken         another program, or another action of this app, has the key
└── HotkeysUnavailable  this desktop does not support hotkeys, or no longer does
    └── HotkeysForbidden  the user must allow hotkeys first
"""

from app.core.errors import AppError
from app.core.notes import Note

COMMAND_LINE = "Bind `kikipounamu toggle` to a key in the settings of your desktop instead"


class HotkeyError(AppError):
    """The base of all hotkey errors. The text says what to do."""


class HotkeyUnknown(HotkeyError):
    """An error: the text names no usable key or combination."""

    def __init__(self, binding: str, reason: str) -> None:
        super().__init__(f"{binding!r} cannot be a hotkey: {reason}")
        self.note = Note("hotkey-unknown", {"binding": binding})


class HotkeyTaken(HotkeyError):
    """An error: another program has the key, or another action of this app (``by``)."""

    def __init__(self, action: str, binding: str, by: str = "") -> None:
        taker = by or "another program"
        super().__init__(f"{binding!r} is already used by {taker}: choose another key for {action!r}")
        self.action = action
        values = {"binding": binding}
        self.note = Note("hotkey-twice", values) if by else Note("hotkey-taken", values)


class HotkeysUnavailable(HotkeyError):
    """An error: this desktop does not support hotkeys, or no longer does."""

    note = Note("hotkeys-unavailable")

    def __init__(self, reason: str) -> None:
        super().__init__(f"hotkeys are not available ({reason}). {COMMAND_LINE}")


class HotkeysForbidden(HotkeysUnavailable):
    """An error: the user must allow hotkeys first."""

    note = Note("hotkeys-forbidden")
