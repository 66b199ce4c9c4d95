"""Equal rows change nothing in the row model."""

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.ui.help.line_list import Cell
from app.ui.help.row_model import Row, RowModel

ONE: Row = ((Cell("one"),), "one, read out")
TWO: Row = ((Cell("two"),), "two, read out")


def test_row_model_signals_only_real_changes(qtbot: QtBot) -> None:
    model = RowModel()
    told: list[str] = []
    model.modelReset.connect(lambda: told.append("reset"))
    model.dataChanged.connect(lambda: told.append("changed"))
    model.show_rows([ONE])
    model.show_rows([ONE])
    model.show_rows([TWO])
    model.show_rows([ONE, TWO])
    assert told == ["reset", "changed", "reset"]
    assert model.cells(1) == (Cell("two"),) and model.rowCount() == 2
    assert model.data(model.index(0), Qt.ItemDataRole.AccessibleTextRole) == "one, read out"
    assert model.data(model.index(0), Qt.ItemDataRole.DecorationRole) is None
    assert model.rowCount(model.index(0)) == 0
