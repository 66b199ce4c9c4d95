"""Errors of the stored gateways.

AppError
└── GatewaysNotKept     the file with their keys cannot be read or written
"""

from app.core.errors import AppError, Note


class GatewaysNotKept(AppError):
    """An error: the file of gateways cannot be read or written. The text contains the remedy."""

    note = Note("gateways-not-kept")
