"""Rows of cells are painted and fit large fonts; texts can be read and copied."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from pytestqt.qtbot import QtBot

from app.ui.help.line_list import Cell, ReadOnlyText, Row, RowDelegate, RowListView, RowModel
from app.ui.theme.theme import Theme
from tests.app.ui.showing import enlarge


def made(theme: Theme, qtbot: QtBot, count: int) -> tuple[RowListView, RowModel]:
    rows = RowListView(theme, 5)
    model = RowModel(rows)
    rows.setModel(model)
    delegate = RowDelegate(theme, model.cells)
    delegate.setParent(rows)
    rows.setItemDelegate(delegate)
    model.show_rows(
        [((Cell(f"row {row}", letters=10), Cell("rest", "danger")), f"row {row}") for row in range(count)]
    )
    qtbot.addWidget(rows)
    rows.resize(400, rows.height())
    rows.show()
    return rows, model


def test_selected_row_is_drawn_differently(theme: Theme, qtbot: QtBot) -> None:
    rows, model = made(theme, qtbot, 3)
    before = rows.grab().toImage()
    rows.setCurrentIndex(model.index(1))
    after = rows.grab().toImage()
    assert before != after
    colours = {before.pixelColor(x, y).name() for x in range(before.width()) for y in range(0, before.height(), 2)}
    assert theme.colour("danger").name() in colours


def test_list_height_fits_rows_up_to_maximum(theme: Theme, qtbot: QtBot) -> None:
    rows, model = made(theme, qtbot, 3)
    most = rows.height()
    rows.fit(3)
    assert rows.height() < most and rows.visualRect(model.index(2)).bottom() <= rows.viewport().height()
    rows.fit(100)
    assert rows.height() == most


def test_list_has_as_much_room_above_its_rows_as_below_them(theme: Theme, qtbot: QtBot) -> None:
    rows, model = made(theme, qtbot, 3)
    rows.fit(3)
    first, last = rows.visualRect(model.index(0)), rows.visualRect(model.index(2))
    above = rows.viewport().mapTo(rows, first.topLeft()).y()
    assert above == rows.height() - rows.viewport().mapTo(rows, last.bottomLeft()).y() - 1


def test_rows_and_text_grow_with_font_size(theme: Theme, qtbot: QtBot) -> None:
    rows, model = made(theme, qtbot, 2)
    small = rows.visualRect(model.index(0)).height()
    enlarge(2)
    rows.refresh()
    assert rows.visualRect(model.index(0)).height() > 1.4 * small
    text = ReadOnlyText(theme, 4)
    qtbot.addWidget(text)
    assert text.height() > 4 * QFontMetrics(text.font()).height()


def test_reading_keeps_scroll_position_for_same_text(theme: Theme, qtbot: QtBot) -> None:
    text = ReadOnlyText(theme, 3)
    qtbot.addWidget(text)
    text.show_text("\n".join(map(str, range(100))))
    text.verticalScrollBar().setValue(50)
    text.show_text("\n".join(map(str, range(100))))
    assert text.verticalScrollBar().value() == 50 and text.isReadOnly()
    text.show_text("other")
    assert text.toPlainText() == "other"


ONE: Row = ((Cell("one"),), "one, read out")
TWO: Row = ((Cell("two"),), "two, read out")


def test_row_model_signals_only_real_changes(qtbot: QtBot) -> None:
    model = RowModel()
    received: list[str] = []
    model.modelReset.connect(lambda: received.append("reset"))
    model.dataChanged.connect(lambda: received.append("changed"))
    model.show_rows([ONE])
    model.show_rows([ONE])
    model.show_rows([TWO])
    model.show_rows([ONE, TWO])
    assert received == ["reset", "changed", "reset"]
    assert model.cells(1) == (Cell("two"),) and model.rowCount() == 2
    assert model.data(model.index(0), Qt.ItemDataRole.AccessibleTextRole) == "one, read out"
    assert model.data(model.index(0), Qt.ItemDataRole.DecorationRole) is None
    assert model.rowCount(model.index(0)) == 0
