"""Errors of the history.

TakeHistoryError        base (an ``AppError``)
├── IndexUnavailable    the index cannot be read or written now: disk full, no access, no FTS5
├── IndexDamaged        the index is unreadable and will be rebuilt
├── NotRerun            a take could not be recognised again, and is unchanged
│   └── NothingRecorded the take holds no audio
├── TextTooLong         the text is longer than a take may hold
└── TakeExportFailed    texts cannot be written to the chosen place
    └── NothingToExport none of the takes has a text
"""

from app.core.errors import AppError, Note


class TakeHistoryError(AppError):
    """Base class of the history's errors, whose message contains the remedy."""


class IndexUnavailable(TakeHistoryError):
    """Temporary failure to read or write the index; the takes are unaffected."""

    note = Note("history-index")


class IndexDamaged(TakeHistoryError):
    """Permanent damage of the index, which must be rebuilt."""


class NotRerun(TakeHistoryError):
    """Failure to recognise a take again; the take stays unchanged."""

    note = Note("again-failed")


class NothingRecorded(NotRerun):
    """Request to recognise a take without audio."""

    note = Note("again-nothing")


class TextTooLong(TakeHistoryError):
    """Text longer than ``most`` characters, the limit of a take."""

    def __init__(self, most: int) -> None:
        super().__init__(f"the text is too long: shorten it to {most} characters")
        self.note = Note("text-too-long", {"most": str(most)})


class TakeExportFailed(TakeHistoryError):
    """Failure to write texts to the chosen place."""

    note = Note("export-failed")


class NothingToExport(TakeExportFailed):
    """Export of takes of which none has a text."""

    note = Note("export-nothing")
