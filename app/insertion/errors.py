"""Errors of text insertion.

InsertionError          base (an ``AppError``)
├── InsertionUnavailable  insertion is impossible on this desktop
│   ├── ScreenMissing     no screen, or it cannot be reached
│   ├── PermissionMissing the user has not allowed this app to press keys, or not yet
│   ├── SessionMissing    the desktop portal cannot open a session now
│   ├── LibraryMissing    a library is not installed
│   └── FocusUnknown      the desktop does not report the focused window
├── ScreenGone          the connection to the screen is lost
├── HelperEnded         the helper process has ended
├── HelperFailed        the helper process could not carry out a request
└── CannotType          the keyboard has no spare key code for a character
"""

from app.core.errors import AppError, Note
from runtime.installing import extra_command


class InsertionError(AppError):
    """The base of all insertion errors. A message that the user sees contains the remedy."""


class InsertionUnavailable(InsertionError):
    """An error: insertion is impossible on this desktop."""


class ScreenMissing(InsertionUnavailable):
    """An error: no screen exists, or it cannot be reached."""

    note = Note("insertion-no-screen")


class PermissionMissing(InsertionUnavailable):
    """An error: the user has not allowed this app to press keys, or has not answered the dialog yet."""

    note = Note("insertion-not-allowed")


class SessionMissing(InsertionUnavailable):
    """An error: the desktop portal cannot open a session now. The user has not refused it."""


class LibraryMissing(InsertionUnavailable):
    """An error: a library of the desktop extra is not installed."""

    note = Note("insertion-not-installed", {"install": extra_command("desktop")})


class ScreenGone(InsertionError):
    """An error: the connection to the screen is lost. It ends the helper process, and is never shown."""


class HelperEnded(InsertionError):
    """An error: the helper process has ended. ``pressed``: keys may have been pressed before."""

    def __init__(self, *, pressed: bool = False) -> None:
        super().__init__("the helper process for insertion has ended: restarting it")
        self.pressed = pressed


class HelperFailed(InsertionError):
    """An error: the helper process could not carry out a request. Its traceback is on standard error.

    ``pressed``: keys may have been pressed before.
    """

    def __init__(self, message: str, *, pressed: bool = False) -> None:
        super().__init__(f"the helper process for insertion failed: {message}. See standard error")
        self.pressed = pressed


class CannotType(InsertionError):
    """An error: the keyboard has no spare key code for a character. Then the text is pasted or held."""


class FocusUnknown(InsertionUnavailable):
    """An error: the desktop does not report the focused window by this method. Texts are held."""
