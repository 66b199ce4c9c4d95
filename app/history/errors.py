"""Errors of the history.

HistoryError            base (an ``AppError``)
├── IndexUnavailable    the index cannot be read or written now: disk full, no access, no FTS5
├── IndexDamaged        it can never be read as it is; it is made again
├── NotRerun            a take could not be recognised once more
│   └── NothingRecorded nothing is in it
├── TextTooLong         longer than a take may be
└── ExportFailed        texts cannot be written there
    └── NothingToExport none of the takes has a text
"""

from app.errors import AppError


class HistoryError(AppError):
    """Base. The text says what to do about it."""


class IndexUnavailable(HistoryError):
    """The index cannot be read or written now; the takes themselves are not touched by that."""


class IndexDamaged(HistoryError):
    """It can never be read as it is."""


class NotRerun(HistoryError):
    """Nothing came of recognising a take once more; the take is as it was."""


class NothingRecorded(NotRerun):
    """There is nothing in it that could be recognised."""


class TextTooLong(HistoryError):
    """Longer than a take may be: ``most`` characters."""

    def __init__(self, most: int) -> None:
        super().__init__(f"the text is too long: shorten it to {most} characters")
        self.most = most


class ExportFailed(HistoryError):
    """Texts cannot be written there."""


class NothingToExport(ExportFailed):
    """None of the takes has a text."""
