"""Lines that come at the end are added; what was chosen stays."""

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QListView
from pytestqt.qtbot import QtBot

from app.help.log_lines import LogLine
from app.ui.help_log_model import LogModel


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


def test_what_goes_on_is_added_and_what_is_too_old_goes(model: LogModel, told: list[str]) -> None:
    model.show_lines(LINES[:4])
    model.show_lines(LINES[:6])
    model.show_lines(LINES[2:8])
    model.show_lines(LINES[2:8])
    assert told == ["reset", "+4-5", "-0-1", "+4-5"]
    assert [one.event for one in model.lines] == ["2", "3", "4", "5", "6", "7"]
    assert model.rowCount() == 6 and model.data(model.index(0)) == "2"
    assert model.data(model.index(0), Qt.ItemDataRole.AccessibleTextRole) == "line 2"


@pytest.mark.parametrize("lines", [(), (line("other"),), (LINES[0], line("late"), *LINES[1:5])])
def test_other_lines_are_a_new_list(model: LogModel, told: list[str], lines: tuple[LogLine, ...]) -> None:
    model.show_lines(LINES[:4])
    model.show_lines(lines)
    assert told == ["reset", "reset"] and model.lines == lines


def test_what_is_chosen_stays_chosen(model: LogModel, qtbot: QtBot) -> None:
    view = QListView()
    qtbot.addWidget(view)
    view.setModel(model)
    model.show_lines(LINES[:5])
    view.selectionModel().select(model.index(3), QItemSelectionModel.SelectionFlag.Select)
    model.show_lines(LINES[1:9])
    assert [model.lines[index.row()].event for index in view.selectionModel().selectedIndexes()] == ["3"]
