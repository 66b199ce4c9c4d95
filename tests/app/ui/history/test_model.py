"""The history list is loaded in pages as rows are drawn, within bounded memory."""

from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.history.actions import MOST_WAITING, RowsWanted
from app.history.index import IndexRow
from app.history.view import HistoryList, HistoryRows
from app.journal.take import TakeState
from app.ui.history.model import MOST_PAGES, PAGE, HistoryModel

ALL = 200_000


def row(number: int) -> IndexRow:
    return IndexRow(UUID(int=number + 1), 0.0, 1.0, 1, TakeState.DONE, f"take {number}")


def rows(page: int, serial: int = 1) -> HistoryRows:
    return HistoryRows(serial, page * PAGE, tuple(row(page * PAGE + number) for number in range(PAGE)))


@pytest.fixture
def wanted() -> list[RowsWanted]:
    return []


@pytest.fixture
def model(qtbot: QtBot, wanted: list[RowsWanted]) -> HistoryModel:
    made = HistoryModel(wanted.append, lambda shown: f"read: {shown.text if shown else ''}")
    made.show_list(HistoryList(1, "", ALL))
    return made


def seen(model: HistoryModel, place: int) -> object:
    return model.data(model.index(place))


def test_history_model_requests_page_once_when_row_is_drawn(model: HistoryModel, wanted: list[RowsWanted]) -> None:
    assert model.rowCount() == ALL and wanted == []
    assert seen(model, 70) == seen(model, 71) == ""
    assert wanted == [RowsWanted(1, PAGE, PAGE)]
    model.show_rows(rows(1))
    assert seen(model, 71) == "take 71" and len(wanted) == 1
    assert model.data(model.index(71), Qt.ItemDataRole.AccessibleTextRole) == "read: take 71"
    assert model.place_of(row(71).session) == 71 and model.place_of(row(0).session) is None


def test_history_model_evicts_least_recent_page(model: HistoryModel, wanted: list[RowsWanted]) -> None:
    for page in range(MOST_PAGES + 1):
        seen(model, page * PAGE)
        model.show_rows(rows(page))
    wanted.clear()
    assert seen(model, PAGE) == f"take {PAGE}" and wanted == []
    assert seen(model, 0) == "" and wanted == [RowsWanted(1, 0, PAGE)]


def test_history_model_drops_oldest_pending_request(model: HistoryModel, wanted: list[RowsWanted]) -> None:
    for page in range(MOST_WAITING + 1):
        seen(model, page * PAGE)
    asked = len(wanted)
    seen(model, PAGE)
    assert len(wanted) == asked
    seen(model, 0)
    assert wanted[-1] == RowsWanted(1, 0, PAGE) and len(wanted) == asked + 1


def test_history_model_shows_old_rows_until_new_arrive(model: HistoryModel, wanted: list[RowsWanted]) -> None:
    seen(model, 0)
    model.show_rows(rows(0))
    assert not model.show_list(HistoryList(1, "", ALL, done=1, total=2))
    assert model.show_list(HistoryList(1, "", ALL, version=1))
    assert seen(model, 0) == "take 0" and len(wanted) == 2 and not model.is_fresh(0)
    model.show_rows(HistoryRows(1, 0, (None, row(5))))
    assert seen(model, 0) == "" and seen(model, 1) == "take 5" and model.is_fresh(0)


def test_new_search_discards_rows_of_previous_search(model: HistoryModel) -> None:
    seen(model, 0)
    model.show_list(HistoryList(2, "x", 3))
    seen(model, 0)
    model.show_rows(rows(0, serial=1))
    assert seen(model, 0) == "" and model.rowCount() == 3
