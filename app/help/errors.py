"""Errors of the help.

ReportNotSaved    a report cannot be written where it was to be (an ``AppError``)
"""

from app.errors import AppError


class ReportNotSaved(AppError):
    """The file could not be written."""
