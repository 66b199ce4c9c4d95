"""Painting of history rows."""

from dataclasses import replace
from uuid import UUID

import pytest
from PySide6.QtCore import QRect, QStringListModel
from PySide6.QtGui import QImage, QPainter, QTextLayout
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from app.history.index import IndexRow
from app.journal.take import TakeState
from app.ui.history.row_delegate import (
    LINES,
    HistoryDelegate,
    laid_out,
    line_height,
    mark_format,
    shortened,
    units,
)
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, Theme

ROW = IndexRow(UUID(int=1), 1_700_000_000.0, 5.0, 1, TakeState.DONE, "the green stone 玉石 " * 30)


def drawn(delegate: HistoryDelegate, state: QStyle.StateFlag = QStyle.StateFlag.State_None) -> QImage:
    model = QStringListModel(["x"])
    option = QStyleOptionViewItem()
    size = delegate.sizeHint(option, model.index(0))
    option.rect = QRect(0, 0, 400, size.height())
    option.state = state
    image = QImage(400, size.height(), QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    delegate.paint(painter, option, model.index(0))
    painter.end()
    return image


def test_rows_look_different_by_state_selection_focus_and_hits(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    rows: list[IndexRow | None] = [ROW]
    delegate = HistoryDelegate(theme, texts, lambda place: rows[place])
    flag = QStyle.StateFlag
    images = [drawn(delegate), drawn(delegate, flag.State_Selected), drawn(delegate, flag.State_HasFocus)]
    delegate.query = "green"
    images.append(drawn(delegate))
    for other in (replace(ROW, state=TakeState.FAILED), replace(ROW, text=""), None):
        rows[0] = other
        images.append(drawn(delegate))
    assert all(one != other for number, one in enumerate(images) for other in images[:number])


def test_row_height_fits_latin_and_han_letters(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    delegate = HistoryDelegate(theme, texts, lambda place: ROW)
    height = delegate.sizeHint(QStyleOptionViewItem(), QStringListModel().index(0)).height()
    layout, ends = laid_out("玉石 Ág " * 40, 200.0)
    assert height > layout.lineAt(LINES).y() + line_height(SCALE.caption)
    assert len(ends) == LINES + 1


@pytest.mark.parametrize("text", ["word " * 60, "玉石" * 90, "a😀" * 90])
def test_long_text_is_elided_in_its_last_line(theme: Theme, text: str, qtbot: QtBot) -> None:
    _, ends = laid_out(text, 200.0)
    short = shortened(text, ends[LINES - 2], 200.0)
    assert short.endswith("…") and text.startswith(short[:-1].rstrip())
    assert len(laid_out(short, 200.0)[1]) == LINES


def test_marks_count_utf16_units(theme: Theme, qtbot: QtBot) -> None:
    assert [units(text) for text in ("", "a玉", "😀")] == [0, 2, 2]
    made = QTextLayout.FormatRange()
    made.format = mark_format(theme)
    assert made.format.fontUnderline()
