"""Views of the history."""

from app.history.view import HistoryList


def test_list_counts_its_keys() -> None:
    assert HistoryList(1).count == 0
    assert HistoryList(1, "", (3, 2, 1)).count == 3
