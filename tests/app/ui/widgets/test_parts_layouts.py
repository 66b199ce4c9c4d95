from PySide6.QtCore import QMargins, Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.ui.theme.theme import SPACING
from app.ui.widgets.parts import (
    CARD,
    SPACE,
    Margins,
    aligned,
    at_left,
    delete_widget,
    fill,
    grid,
    horizontal,
    room,
    stretched,
    vertical,
)


def test_column_places_its_parts(qtbot: QtBot) -> None:
    window, name, value, foot = QWidget(), QLabel("name"), QLabel("value"), QLabel("foot")
    qtbot.addWidget(window)
    row = horizontal(name, SPACE, stretched(value, 3), gap=None)
    vertical(row, room(40), at_left(foot), within=window, gap=SPACING.medium)
    window.resize(400, 200)
    window.show()
    assert name.geometry().left() == 0 and value.geometry().right() == 399
    assert value.width() > 200
    assert row.spacing() == SPACING.medium  # that of the column
    assert foot.x() == 0 and foot.width() == foot.sizeHint().width()
    assert foot.y() - value.geometry().bottom() >= 40


def test_part_keeps_its_side(qtbot: QtBot) -> None:
    window, high, low = QWidget(), QLabel("high"), QLabel("low")
    qtbot.addWidget(window)
    horizontal(high, aligned(low, Qt.AlignmentFlag.AlignBottom), within=window)
    window.resize(200, 300)
    window.show()
    assert high.height() == 300 and low.geometry().bottom() == 299 and low.height() < 300


def test_margins_have_short_forms(qtbot: QtBot) -> None:
    def margins(wanted: Margins) -> QMargins:
        return vertical(margins=wanted).contentsMargins()

    assert margins(3) == QMargins(3, 3, 3, 3)
    assert margins(CARD) == QMargins(SPACING.large, SPACING.medium, SPACING.large, SPACING.medium)
    assert margins((1, 2, 3, 4)) == QMargins(1, 2, 3, 4)


def test_grid_gives_the_free_width_to_one_column(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    made = grid(stretched=1, gaps=(7, 3), within=page, margins=5)
    assert (made.horizontalSpacing(), made.verticalSpacing()) == (7, 3)
    assert made.columnStretch(1) == 1 and made.columnStretch(0) == 0
    assert made.contentsMargins().left() == made.contentsMargins().bottom() == 5


def test_dropped_part_leaves_its_layout_at_once(qtbot: QtBot) -> None:
    page, first, second = QWidget(), QLabel("first"), QLabel("second")
    qtbot.addWidget(page)
    column = vertical(first, within=page)
    fill(column, second)
    with qtbot.waitSignal(first.destroyed):
        delete_widget(first, column)
        assert column.indexOf(first) == -1 and first.isHidden()
    assert column.indexOf(second) == 0
