"""Errors of text insertion.

InsertionError          base (an ``AppError``)
├── InsertionUnavailable  nothing can be inserted here
│   ├── ScreenMissing     there is no screen
│   └── LibraryMissing    a library is not installed
├── ScreenGone          the connection to the screen is lost
├── HelperEnded         the helper process has ended
├── HelperFailed        the helper process could not do what it was asked
└── CannotType          the keyboard has no spare key code for a character
"""

from app.errors import AppError


class InsertionError(AppError):
    """Base. The text says what to do about it."""


class InsertionUnavailable(InsertionError):
    """Nothing can be inserted here."""


class ScreenMissing(InsertionUnavailable):
    """There is no screen, or it cannot be reached."""


class LibraryMissing(InsertionUnavailable):
    """A library of the desktop extra is not installed."""


class ScreenGone(InsertionError):
    """The connection to the screen is lost."""

    def __init__(self) -> None:
        super().__init__("the connection to the screen is lost: start this program again")


class HelperEnded(InsertionError):
    """The helper process has ended. ``pressed``: after keys may have been pressed."""

    def __init__(self, *, pressed: bool = False) -> None:
        super().__init__("the helper process for insertion has ended: it is started again")
        self.pressed = pressed


class HelperFailed(InsertionError):
    """The helper process could not do what it was asked; its own traceback is on standard error."""

    def __init__(self, message: str) -> None:
        super().__init__(f"the helper process for insertion failed: {message}. See standard error")


class CannotType(InsertionError):
    """The keyboard has no spare key code for a character."""

    def __init__(self) -> None:
        super().__init__("a character cannot be typed with this keyboard: let texts be pasted")
