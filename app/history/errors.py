"""Errors of the history.

HistoryError            base (an ``AppError``)
├── IndexUnavailable    the index cannot be read or written now: disk full, no access, no FTS5
├── IndexDamaged        it can never be read as it is; it is made again
├── NotRerun            a take could not be recognised once more
└── ExportFailed        texts cannot be written there
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


class ExportFailed(HistoryError):
    """Texts cannot be written there."""
