"""Rows and lists of takes for tests of the home page."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from app.history.index import IndexRow, days_of
from app.history.view import HistoryList, HistoryRows
from app.journal.take import TakeState
from app.ui.home.page import SELECT, HomePage

START_S = 1_700_000_000


def take(number: int, **values: object) -> IndexRow:
    """Return a take; a higher number is older, by an hour."""
    started = START_S - 3_600 * number
    made = IndexRow(UUID(int=number + 1_000), started, 5.0, 1, TakeState.DONE, f"take {number}", key=started << 31)
    return replace(made, **values)  # type: ignore[arg-type]  # passed by name


def listed(rows: Sequence[IndexRow], serial: int = 1, query: str = "", version: int = 0) -> HistoryList:
    """Return the list of these takes."""
    keys = [row.key for row in rows]
    return HistoryList(serial, query, keys, version=version, days=days_of(keys))


ROWS = tuple(take(number) for number in range(4))


def fill(page: HomePage, rows: tuple[IndexRow, ...] = ROWS, version: int = 0, serial: int = 1) -> None:
    """Show these takes on the page, as the app would."""
    page.show_list(listed(rows, serial, page.head.search.text(), version))
    page.model.take(2)
    page.show_rows(HistoryRows(serial, 0, rows))


def choose(page: HomePage, *places: int) -> None:
    """Select the takes at these places."""
    page.list.clearSelection()
    for place in places:
        index = page.model.index(page.model.row_of(place))
        page.list.selectionModel().select(index, SELECT)
