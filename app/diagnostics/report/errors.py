"""Errors of the help.

ReportNotSaved    a report cannot be written to the chosen place (an ``AppError``)
"""

from app.core.errors import AppError


class ReportNotSaved(AppError):
    """Failure to write the file of a report."""
