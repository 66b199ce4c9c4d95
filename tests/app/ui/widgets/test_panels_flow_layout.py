"""Controls wrap into as many lines as the width requires."""

import pytest
from PySide6.QtWidgets import QPushButton, QStackedWidget, QWidget
from pytestqt.qtbot import QtBot

from app.ui.theme.theme import Theme
from app.ui.widgets.panels import ChipRow, FlowRow
from app.ui.widgets.parts import vertical
from tests.app.ui.showing import displayed


def test_lines_wrap_controls_and_skip_hidden_ones(theme: Theme, qtbot: QtBot) -> None:
    buttons = [QPushButton(name) for name in ("one", "two", "three and much more")]
    page, lines = QWidget(), FlowRow(buttons)
    lines.setParent(page)
    qtbot.addWidget(page)
    for button in buttons:
        button.show()
    lines.resize(2_000, 40)
    lines.show()
    page.show()
    lines.arrange()
    assert len({button.y() for button in buttons}) == 1
    high = lines.sizeHint().height()
    lines.resize(lines.minimumSizeHint().width(), 200)
    assert buttons[2].y() > buttons[0].y()
    assert lines.sizeHint().height() > high
    assert all(button.geometry().right() <= lines.width() for button in buttons)
    buttons[2].hide()
    lines.arrange()
    assert lines.sizeHint().height() == high


def test_row_on_a_hidden_page_does_not_widen_the_window(theme: Theme, qtbot: QtBot) -> None:
    """The window could not be made narrow until the settings had been shown."""
    page = QWidget()
    lines = FlowRow([QPushButton("a button with a long text") for _ in range(9)])
    vertical(lines, within=page)
    stack = QStackedWidget()
    qtbot.addWidget(stack)
    stack.addWidget(QWidget())
    stack.addWidget(page)
    stack.show()
    assert lines.minimumWidth() == 0
    assert stack.minimumSizeHint().width() < 2 * lines.widest


@pytest.fixture
def removed() -> list[str]:
    return []


@pytest.fixture
def row(theme: Theme, removed: list[str], qtbot: QtBot) -> ChipRow:
    return displayed(qtbot, ChipRow(theme, removed.append, (QPushButton("Add"),)), 400, 100)


def test_chips_stand_in_order_before_other_controls(row: ChipRow, removed: list[str]) -> None:
    row.show_values({"de": "German", "r&d": "R&D"}, "Remove {}".format)
    assert [chip.text() for chip in row.chips.values()] == ["German", "R&&D"]
    assert row.controls == (*row.chips.values(), row.controls[-1])
    chip = row.chips["r&d"]
    assert chip.accessibleName() == chip.toolTip() == "Remove R&D"
    chip.click()
    assert removed == ["r&d"] and len(row.chips) == 2, "the owner decides"


def test_chip_of_a_value_that_stays_is_kept(row: ChipRow) -> None:
    row.show_values({"de": "German", "en": "English"}, str)
    kept, gone = row.chips["en"], row.chips["de"]
    row.show_values({"fr": "French", "en": "Englisch"}, str)
    assert row.chips["en"] is kept and kept.text() == "Englisch" and gone.isHidden()
    assert list(row.chips) == ["fr", "en"]
