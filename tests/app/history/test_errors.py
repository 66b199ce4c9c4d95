"""Errors of the history are one family, and say what to do."""

from app.errors import AppError
from app.history.errors import HistoryError, NothingToExport, TextTooLong


def test_whoever_catches_the_base_catches_all() -> None:
    assert issubclass(NothingToExport, HistoryError) and issubclass(HistoryError, AppError)


def test_how_long_a_text_may_be_is_said() -> None:
    error = TextTooLong(1_000)
    assert error.most == 1_000 and "shorten it to 1000 characters" in str(error)
