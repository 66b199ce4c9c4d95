from app.insertion.errors import FocusUnknown, InsertionUnavailable


def test_unknown_focus_means_that_insertion_is_unavailable() -> None:
    assert isinstance(FocusUnknown("set SWAYSOCK"), InsertionUnavailable)
