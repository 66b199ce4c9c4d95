"""Errors as what stands in the way, for whoever draws."""

from app.errors import AppError
from app.news import Problem
from app.problem_notes import note_of
from app.settings.errors import BadSetting


def problem(about: str, error: AppError) -> Problem:
    """An error, for people."""
    return Problem(about, str(error), note_of(error), error.name if isinstance(error, BadSetting) else "")
