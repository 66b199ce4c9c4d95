"""New log lines are appended, and the selection stays."""

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QListView
from pytestqt.qtbot import QtBot

from app.diagnostics.report.log_lines import LogLine
from app.ui.help.log_panel import LogModel


def line(name: str) -> LogLine:
    return LogLine(0.0, "desktop", "info", name, "", name)


LINES = tuple(line(str(number)) for number in range(10))


@pytest.fixture
def model(qtbot: QtBot) -> LogModel:
    return LogModel(lambda one: f"line {one.event}")


@pytest.fixture
def told(model: LogModel) -> list[str]:
    told: list[str] = []
    model.modelReset.connect(lambda: told.append("reset"))
    model.rowsInserted.connect(lambda _, first, last: told.append(f"+{first}-{last}"))
    model.rowsRemoved.connect(lambda _, first, last: told.append(f"-{first}-{last}"))
    return told


def test_log_model_appends_new_lines_and_drops_oldest(model: LogModel, told: list[str]) -> None:
    model.show_lines(LINES[:4])
    model.show_lines(LINES[:6])
    model.show_lines(LINES[2:8])
    model.show_lines(LINES[2:8])
    assert told == ["reset", "+4-5", "-0-1", "+4-5"]
    assert [one.event for one in model.lines] == ["2", "3", "4", "5", "6", "7"]
    assert model.rowCount() == 6 and model.data(model.index(0)) == "2"
    assert model.data(model.index(0), Qt.ItemDataRole.AccessibleTextRole) == "line 2"


@pytest.mark.parametrize("lines", [(), (line("other"),), (LINES[0], line("late"), *LINES[1:5])])
def test_log_model_resets_for_unrelated_lines(
    model: LogModel, told: list[str], lines: tuple[LogLine, ...]
) -> None:
    model.show_lines(LINES[:4])
    model.show_lines(lines)
    assert told == ["reset", "reset"] and model.lines == lines


def test_log_selection_stays_when_lines_are_added(model: LogModel, qtbot: QtBot) -> None:
    view = QListView()
    qtbot.addWidget(view)
    view.setModel(model)
    model.show_lines(LINES[:5])
    view.selectionModel().select(model.index(3), QItemSelectionModel.SelectionFlag.Select)
    model.show_lines(LINES[1:9])
    assert [model.lines[index.row()].event for index in view.selectionModel().selectedIndexes()] == ["3"]
