"""Errors of the journal.

JournalError            base (an ``AppError``)
├── TakeUnknown         no take has this id
├── TakeAmbiguous       several takes have an id with this beginning
├── TakeBusy            another process works on this take
├── TakeDamaged         its folder cannot be read as a take
├── TakesNotThere       the folder of recordings is on a disk that is not mounted
├── NotDeleted          the disk refuses to delete it
└── NotKept             the disk refuses data that must be kept (a ``GatewayError`` too: it ends a session)
    └── DiskRefuses     the disk reports an error now; a later attempt may succeed
"""

from app.core.errors import AppError, Note
from client.errors import GatewayError


class JournalError(AppError):
    """The base of all journal errors. The text contains the remedy."""

    note = Note("takes-unwritable")


class TakeUnknown(JournalError):
    """An error: no take has this id."""

    note = Note("take-unknown")


class TakeAmbiguous(JournalError):
    """An error: several takes have an id with this beginning."""

    note = Note("take-unknown")


class TakeBusy(JournalError):
    """An error: another process works on this take."""

    note = Note("take-busy")


class TakeDamaged(JournalError):
    """An error: the folder cannot be read as a take. It is never deleted automatically."""

    note = Note("take-damaged")


class TakesNotThere(JournalError):
    """An error: the folder of recordings is a link to a folder that does not exist."""

    note = Note("takes-not-there")


class NotDeleted(JournalError):
    """An error: the disk refuses to delete a take; a part of it may be gone."""

    note = Note("take-not-deleted")


class NotKept(JournalError, GatewayError):
    """An error: the disk refuses data. Nothing was written, so nothing may be sent."""

    note = Note("disk-refuses")


class DiskRefuses(NotKept):
    """An error that the disk reports itself; a later attempt may succeed once it has room."""
