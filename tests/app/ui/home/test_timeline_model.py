"""Model of the timeline: days, pages on demand, and takes that are found again by their keys."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from app.history.index import IndexRow
from app.history.view import MOST_WAITING, HistoryList, HistoryRows, RowsWanted
from app.journal.take import TakeState
from app.ui.home.timeline_model import MOST_TAKES, PAGE, TimelineModel
from tests.app.ui.home.rows import listed, take


def described(row: IndexRow | None) -> str:
    return f"read: {row.text}" if row else "loading"


@pytest.fixture
def wanted() -> list[RowsWanted]:
    return []


@pytest.fixture
def model(wanted: list[RowsWanted], qtbot: QtBot) -> TimelineModel:
    made = TimelineModel(wanted.append, described, date.isoformat)
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
    return made


def show(model: TimelineModel, rows: Sequence[IndexRow], version: int = 0) -> None:
    model.show_list(listed(rows, version=version))


def text(model: TimelineModel, row: int) -> object:
    return model.data(model.index(row))


def test_days_stand_above_their_takes(model: TimelineModel) -> None:
    rows = [take(number) for number in range(40)]
    show(model, rows)
    heads = list(model.heads())
    assert heads[0] == 1 and len(heads) in {2, 3} and model.rowCount() == 1 + len(heads) + len(rows)
    assert [model.row_of(place) for place in range(40)] == [
        row for row in range(model.rowCount()) if model.key(row) is not None
    ]
    assert all(text(model, head) == str(model.day(head)) and model.key(head) is None for head in heads)
    assert model.key(0) is None and model.day(0) is None and model.day(2) is None and text(model, 0) == ""
    assert model.flags(model.index(heads[0])) == Qt.ItemFlag.NoItemFlags
    assert model.flags(model.index(2)) & Qt.ItemFlag.ItemIsSelectable
    assert all(model.key(model.row_of(place)) == row.key for place, row in enumerate(rows))


def test_only_the_newest_take_at_work_is_being_recorded(model: TimelineModel) -> None:
    model.show_speaking(True)  # before there is any take
    rows = [replace(take(0), state=TakeState.LIVE), replace(take(1), state=TakeState.LIVE), take(2)]
    show(model, rows)
    model.show_rows(HistoryRows(1, 0, tuple(rows)))

    def speaking() -> list[bool]:
        found = [model.take(model.row_of(place)) for place in range(3)]
        return [row is not None and row.speaking for row in found]

    assert speaking() == [True, False, False]
    model.show_speaking(False)
    assert speaking() == [False] * 3


def test_page_is_requested_once_when_one_of_its_takes_is_needed(
    model: TimelineModel, wanted: list[RowsWanted]
) -> None:
    rows = [take(number) for number in range(2 * PAGE)]
    show(model, rows)
    last = model.row_of(2 * PAGE - 1)
    assert model.take(last) is None and model.take(last - 1) is None
    assert wanted == [RowsWanted(1, PAGE, PAGE)]
    model.show_rows(HistoryRows(1, PAGE, tuple(rows[PAGE:])))
    assert model.take(last) == rows[-1] and text(model, last) == rows[-1].text
    assert model.data(model.index(last), Qt.ItemDataRole.AccessibleTextRole) == f"read: {rows[-1].text}"
    assert len(wanted) == 1


def test_take_that_is_gone_is_not_requested_again(model: TimelineModel, wanted: list[RowsWanted]) -> None:
    show(model, [take(0)])
    model.take(2)
    model.show_rows(HistoryRows(1, 0, (None,)))
    assert model.take(2) is None and len(wanted) == 1


def test_takes_stay_visible_and_are_requested_again_in_changed_list(
    model: TimelineModel, wanted: list[RowsWanted]
) -> None:
    rows = [take(0), take(1)]
    show(model, rows)
    model.take(2)
    model.show_rows(HistoryRows(1, 0, tuple(rows)))
    new = take(-1)
    assert model.show_list(listed([new, *rows], version=1))
    assert model.take(2) is None and wanted[-1] == RowsWanted(1, 0, PAGE) and len(wanted) == 2
    row = model.row_of_key(rows[0].key)
    assert row is not None and model.take(row) == rows[0]
    assert model.row_of_key(take(9).key) is None
    assert not model.show_list(listed([new, *rows], version=1)), "nothing has changed"


def test_rows_of_another_search_are_ignored(model: TimelineModel) -> None:
    show(model, [take(0)])
    model.show_rows(HistoryRows(7, 0, (take(0),)))
    assert model.take(2) is None


def test_number_of_takes_and_requests_is_bounded(model: TimelineModel, wanted: list[RowsWanted]) -> None:
    rows = [take(number) for number in range(MOST_TAKES + 2 * PAGE)]
    show(model, rows)
    for start in range(0, len(rows), PAGE):
        model.show_rows(HistoryRows(1, start, tuple(rows[start : start + PAGE])))
    assert model.take(model.row_of(0)) is None and wanted == [RowsWanted(1, 0, PAGE)]
    assert model.take(model.row_of(len(rows) - 1)) == rows[-1]
    for page in range(MOST_WAITING + 1):
        model._fresh.discard(page)
        model.take(model.row_of(page * PAGE))
    assert len(model._wanted) == MOST_WAITING


def test_hundred_thousand_takes_are_listed_at_once(model: TimelineModel, wanted: list[RowsWanted]) -> None:
    keys = range(10**14, 10**14 - 100_000, -1)
    model.show_list(HistoryList(1, "", keys, days=((date(2026, 1, 1), 100_000),)))
    assert model.rowCount() == 100_002 and model.row_of_key(10**14 - 99_999) == 100_001
    assert wanted == []
