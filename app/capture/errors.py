"""Errors of the journal.

JournalError            base (an ``AppError``)
├── TakeUnknown         there is no such take
├── TakeBusy            another process works on this take
└── NotKept             the disk does not take what must be kept (a ``GatewayError`` too: it ends a session)
"""

from app.errors import AppError
from client.errors import GatewayError


class JournalError(AppError):
    """Base. The text says what to do about it."""


class TakeUnknown(JournalError):
    """There is no such take."""


class TakeBusy(JournalError):
    """Another process works on this take."""


class NotKept(JournalError, GatewayError):
    """The disk does not take it: nothing was written, nothing may be sent."""
