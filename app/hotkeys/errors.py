"""Errors of hotkeys.

HotkeyError             base (an ``AppError``)
├── HotkeyUnknown       this is not a key or combination that can be used here
├── HotkeyTaken         another program, or another action of ours, has it
└── HotkeysUnavailable  this desktop gives no program such keys, or does so no longer
    └── HotkeysForbidden  the person must allow it first
"""

from app.errors import AppError

COMMAND_LINE = "`kikipounamu toggle` does the same: bind it to a key in your desktop's own settings"


class HotkeyError(AppError):
    """Base. The text says what to do about it."""


class HotkeyUnknown(HotkeyError):
    """This is not a key or combination that can be used here."""

    def __init__(self, binding: str, reason: str) -> None:
        super().__init__(f"{binding!r} cannot be a hotkey: {reason}")
        self.binding = binding


class HotkeyTaken(HotkeyError):
    """Another program has it, or another action of ours (``by``)."""

    def __init__(self, action: str, binding: str, by: str = "") -> None:
        taker = by or "another program"
        super().__init__(f"{binding!r} is already used by {taker}: choose another key for {action!r}")
        self.action = action
        self.binding = binding
        self.ours = bool(by)


class HotkeysUnavailable(HotkeyError):
    """This desktop gives no program such keys, or does so no longer."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"no hotkeys here ({reason}). {COMMAND_LINE}")


class HotkeysForbidden(HotkeysUnavailable):
    """The person must allow it first."""
