"""Convert errors to problems that windows can show."""

from app.errors import AppError
from app.news import Problem
from app.problem_notes import note_of
from app.settings.errors import BadSetting


def problem(about: str, error: AppError) -> Problem:
    """Return the problem that an error describes for the user."""
    return Problem(about, str(error), note_of(error), error.name if isinstance(error, BadSetting) else "")
