"""Convert errors to problems that windows can show."""

from app.core.errors import AppError
from app.core.problem_notes import note_of
from app.messages.notifications import Problem
from app.settings.errors import BadSetting


def problem(about: str, error: AppError) -> Problem:
    """Return the problem that an error describes for the user."""
    return Problem(about, str(error), note_of(error), error.name if isinstance(error, BadSetting) else "")
