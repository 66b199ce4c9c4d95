"""Errors of the help.

ReportNotSaved    a report cannot be written to the chosen place (an ``AppError``)
"""

from app.core.errors import AppError
from app.core.notes import Note


class ReportNotSaved(AppError):
    """Failure to write the file of a report."""

    note = Note("report-not-saved")
