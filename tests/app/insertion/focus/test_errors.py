"""Errors of the focus name the reason."""

from app.insertion.errors import InsertionUnavailable
from app.insertion.focus.errors import FocusUnknown


def test_unknown_focus_means_that_insertion_is_unavailable() -> None:
    assert isinstance(FocusUnknown("set SWAYSOCK"), InsertionUnavailable)
