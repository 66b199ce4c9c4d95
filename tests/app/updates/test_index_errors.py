"""Errors of updates: each says what to do, also in the language of the windows."""

import pytest

from app.core.sentences import LANGUAGES, entries
from app.updates.index import IndexRefused, IndexStale, IndexUnreachable, PlaceUnknown, UpdateError


@pytest.mark.parametrize(
    "error", [PlaceUnknown(), IndexUnreachable("why"), IndexRefused("why"), IndexStale("why")]
)
def test_error_says_what_to_do(error: UpdateError) -> None:
    assert error.note is not None and ": " in str(error)
    assert all(f"note.{error.note.key}" in entries(language) for language in LANGUAGES)
