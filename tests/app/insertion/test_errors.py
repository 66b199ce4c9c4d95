import pytest

from app.core.errors import AppError
from app.insertion.errors import CannotType, InsertionError, ScreenGone


@pytest.mark.parametrize("error", [CannotType(), ScreenGone()])
def test_insertion_error_says_what_to_do(error: InsertionError) -> None:
    assert isinstance(error, AppError)
    assert ": " in str(error)
