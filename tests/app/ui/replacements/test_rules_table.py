from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app.replacements.rules import LONGEST_HEARD, Replacement
from app.ui.replacements.rules_model import Column, RulesModel
from app.ui.replacements.rules_table import RulesTable
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.showing import kept

RULES = [Replacement(f"word {number}", "x") for number in range(20)]


@pytest.fixture
def model(texts: Texts) -> RulesModel:
    return RulesModel(texts)


@pytest.fixture
def table(theme: Theme, model: RulesModel, qtbot: QtBot) -> Iterator[RulesTable]:
    made = kept(qtbot, RulesTable(theme, model), 600, 300)
    made.refresh()
    made.show()
    model.show_rules(RULES[:2])
    yield made
    made.hide()


def editor(table: RulesTable) -> QLineEdit:
    (field,) = table.findChildren(QLineEdit)
    return field


def colours_of(picture: QImage) -> set[int]:
    return {picture.pixel(x, y) for x in range(picture.width()) for y in range(picture.height())}


def test_keyboard_edits_ticks_and_removes_rules(table: RulesTable, model: RulesModel, qtbot: QtBot) -> None:
    table.setFocus()
    table.setCurrentIndex(table.found.index(1, Column.HEARS))
    QTest.keyClick(table, Qt.Key.Key_Return)
    field = editor(table)
    assert field.maxLength() == LONGEST_HEARD and field.accessibleName()
    field.selectAll()
    QTest.keyClicks(field, "um")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: model.draft.rules[1].hears == "um")
    table.setCurrentIndex(table.found.index(1, Column.CASE))
    QTest.keyClick(table, Qt.Key.Key_Space)
    assert model.draft.rules[1].match_case
    with qtbot.waitSignal(table.removed) as told:
        QTest.keyClick(table, Qt.Key.Key_Delete)
    assert told.args == [[1]] and table.row == 1


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_line_break_is_typed_into_a_replacement_by_its_key(
    table: RulesTable, model: RulesModel, key: Qt.Key, qtbot: QtBot
) -> None:
    table.activateWindow()
    qtbot.waitUntil(table.isActiveWindow)
    table.setCurrentIndex(table.found.index(0, Column.WRITES))
    QTest.keyClick(table, Qt.Key.Key_Return)
    field = editor(table)
    qtbot.waitUntil(field.hasFocus)
    field.selectAll()
    QTest.keyClicks(field, "a")
    QTest.keyClick(field, key, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(field, "b")
    assert field.text() == "a↵b"
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: model.draft.rules[0].writes == "a\nb")


def test_click_near_cell_edge_toggles_tick(table: RulesTable, model: RulesModel) -> None:
    place = table.visualRect(table.found.index(0, Column.WHOLE)).topLeft() + QPoint(3, 3)
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert not model.draft.rules[0].whole_word


def test_new_row_opens_editor_and_reports_when_left(table: RulesTable, model: RulesModel, qtbot: QtBot) -> None:
    table.begin(model.add())
    assert editor(table).isVisible() and table.row == 2
    with qtbot.waitSignal(table.row_left):
        table.setCurrentIndex(table.found.index(0, Column.HEARS))


def test_table_height_follows_rows_up_to_maximum(table: RulesTable, model: RulesModel) -> None:
    few = table.height()
    model.show_rules(RULES[:6])
    some = table.height()
    model.show_rules(RULES)
    assert few < some < table.height() < 2 * some
    table.found.search("word 3")
    assert table.found.rowCount() == 1


def test_rules_table_paints_every_kind_of_cell(table: RulesTable, model: RulesModel, theme: Theme) -> None:
    """Paint an invalid row, an empty replacement, ticks and counts."""
    model.show_rules([Replacement("a"), Replacement("A", "x", False, True), Replacement("b", "y")])
    model.setData(model.index(1, Column.CASE), Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole)
    model.show_takes({0: 3})
    table.selectRow(2)

    def rows_with(colour: str, column: Column) -> list[int]:
        places = [table.visualRect(table.found.index(row, column)) for row in range(3)]
        pictures = [table.viewport().grab(place).toImage() for place in places]
        return [row for row, picture in enumerate(pictures) if theme.colour(colour).rgb() in colours_of(picture)]

    assert rows_with("warning", Column.HEARS) == [1] and model.draft.wrong.keys() == {1}
    assert rows_with("accent", Column.WHOLE) == [0, 2] and rows_with("accent", Column.CASE) == []
    assert rows_with("accent_soft", Column.HEARS) == [2]


def test_cells_follow_another_text_size(table: RulesTable, model: RulesModel, theme: Theme, qtbot: QtBot) -> None:
    theme.choose_text_size("largest")
    new = RulesTable(theme, model)
    qtbot.addWidget(new)
    new.resize(table.size())
    new.refresh()
    new.show()
    for one in (table, new):
        one.clearFocus()  # its ring is painted too
    assert table.size() == new.size()
    assert table.viewport().grab().toImage() == new.viewport().grab().toImage()


def test_rows_are_divided_by_lines_of_one_pixel(table: RulesTable, model: RulesModel, theme: Theme) -> None:
    model.show_rules(RULES[:3])
    picture = table.viewport().grab().toImage()
    bottoms = [table.visualRect(table.found.index(row, Column.HEARS)).bottom() for row in range(3)]
    grounds = theme.colour("surface"), theme.colour("accent_soft")
    drawn = [y for y in range(bottoms[2] + 1) if picture.pixelColor(3, y) not in grounds]
    assert drawn == bottoms[:2]
