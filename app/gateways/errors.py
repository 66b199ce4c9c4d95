"""Errors of what is kept of gateways.

AppError
└── GatewaysNotKept     the file with their keys cannot be read or written
"""

from app.errors import AppError


class GatewaysNotKept(AppError):
    """The text says what to do."""
