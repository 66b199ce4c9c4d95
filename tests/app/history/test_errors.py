"""Errors of the history share a base, and say what to do."""

from app.core.errors import AppError
from app.history.errors import NothingToExport, TakeHistoryError, TextTooLong


def test_history_errors_share_a_base() -> None:
    assert issubclass(NothingToExport, TakeHistoryError) and issubclass(TakeHistoryError, AppError)


def test_text_too_long_names_the_limit() -> None:
    assert "shorten it to 1000 characters" in str(TextTooLong(1_000))
