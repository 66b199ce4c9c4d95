"""Errors of hotkeys.

HotkeyError             base (an ``AppError``)
├── HotkeyUnknown       the text names no usable key or combination
│   └── HotkeyAbsent      this keyboard, or its layout, lacks the key
├── HotkeyTaken         another program, or another action of this app, has the key
│   └── HotkeyUnassigned  the desktop has given this app no key
└── HotkeysUnavailable  this desktop does not support hotkeys, or no longer does
    ├── HotkeysMissing    this Wayland desktop has no portal for hotkeys
    ├── HotkeysLost       the portal has ended, or the layout has changed: bind the keys again
    └── HotkeysForbidden  the user must allow hotkeys first
        └── HotkeysDenied   the user has not allowed them in the dialog of the desktop
"""

from app.core.errors import AppError, Note

COMMAND_LINE = "Bind `kikipounamu toggle` to a key in the settings of your desktop instead"


class HotkeyError(AppError):
    """The base of all hotkey errors. The text contains the remedy."""


class HotkeyUnknown(HotkeyError):
    """An error: the text names no usable key or combination."""

    def __init__(self, binding: str, reason: str) -> None:
        super().__init__(f"{binding!r} cannot be a hotkey: {reason}")
        self.note = Note("hotkey-unknown", {"binding": binding})


class HotkeyAbsent(HotkeyUnknown):
    """An error: this keyboard, or its layout, lacks the key of an action."""

    def __init__(self, action: str, binding: str, reason: str) -> None:
        super().__init__(binding, reason)
        self.action = action
        self.note = Note("hotkey-absent", {"binding": binding})


class HotkeyTaken(HotkeyError):
    """An error: another program has the key, or another action of this app (``by``)."""

    def __init__(self, action: str, binding: str, by: str = "") -> None:
        taker = by or "another program"
        super().__init__(f"{binding!r} is already used by {taker}: choose another key for {action!r}")
        self.action = action
        values = {"binding": binding}
        self.note = Note("hotkey-twice", values) if by else Note("hotkey-taken", values)


class HotkeyUnassigned(HotkeyTaken):
    """An error: the desktop has given this app no key for an action, perhaps because another program has it."""

    def __init__(self, action: str, binding: str) -> None:
        super().__init__(action, binding)
        self.note = Note("hotkey-unassigned", {"binding": binding})


class HotkeysUnavailable(HotkeyError):
    """An error: this desktop does not support hotkeys, or no longer does."""

    note = Note("hotkeys-unavailable")

    def __init__(self, reason: str) -> None:
        super().__init__(f"hotkeys are not available ({reason}). {COMMAND_LINE}")


class HotkeysForbidden(HotkeysUnavailable):
    """An error: the user must allow hotkeys first."""

    note = Note("hotkeys-forbidden")


class HotkeysDenied(HotkeysForbidden):
    """An error: the user has not allowed the keys in the dialog of the desktop, or has not answered it."""

    note = Note("hotkeys-denied")


class HotkeysMissing(HotkeysUnavailable):
    """An error: this Wayland desktop has no portal for hotkeys, or leaves it to the user to assign the keys."""

    note = Note("hotkeys-wayland")

    def __init__(self) -> None:
        super().__init__("this desktop has no portal that assigns keys")


class HotkeysLost(HotkeysUnavailable):
    """An error: the portal has ended, or a new keyboard layout lacks a key. The keys can be bound again."""

    note = Note("hotkeys-lost")
