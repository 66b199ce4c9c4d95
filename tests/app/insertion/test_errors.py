import pytest

from app.core.errors import AppError
from app.insertion.errors import CannotType, FocusUnknown, InsertionError, InsertionUnavailable, ScreenGone


@pytest.mark.parametrize("error", [CannotType(), ScreenGone()])
def test_insertion_error_says_what_to_do(error: InsertionError) -> None:
    assert isinstance(error, AppError)
    assert ": " in str(error)


def test_unknown_focus_means_that_insertion_is_unavailable() -> None:
    assert isinstance(FocusUnknown("set SWAYSOCK"), InsertionUnavailable)
