"""Painting of the timeline's rows."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter, QTextLayout
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from app.history.view import HistoryRows
from app.journal.take import TakeState
from app.ui.dictation.live_lines import lay_out, split_units, units
from app.ui.home.take_delegate import (
    LINES,
    RowButton,
    TakeDelegate,
    column,
    day_height,
    line_height,
    mark_format,
    row_height,
    shortened,
    words_layout,
)
from app.ui.home.timeline_model import TimelineModel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import CONTENT_WIDTH, SCALE, Theme, font
from tests.app.ui.home.rows import ROWS, listed, take
from tests.app.ui.languages import in_each_language

ROW = take(0, text="the green stone 玉石 " * 30, program="some-editor")


@pytest.fixture
def model(qtbot: QtBot) -> TimelineModel:
    made = TimelineModel(lambda wanted: None, lambda row: "", str)
    made.show_list(listed([ROW, take(1)]))
    return made


def drawn(
    delegate: TakeDelegate,
    model: TimelineModel,
    row: int = 2,
    state: QStyle.StateFlag = QStyle.StateFlag.State_None,
) -> QImage:
    option = QStyleOptionViewItem()
    option.rect = QRect(0, 0, 400, row_height())
    option.state = state
    image = QImage(400, row_height(), QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    delegate.paint(painter, option, model.index(row))
    painter.end()
    return image


def test_rows_look_different_by_state_selection_focus_and_hits(
    theme: Theme, texts: Texts, model: TimelineModel
) -> None:
    delegate = TakeDelegate(theme, texts, model)
    flag = QStyle.StateFlag
    images = [drawn(delegate, model)]
    model.show_rows(HistoryRows(1, 0, (ROW,)))
    states = (flag.State_None, flag.State_Selected, flag.State_HasFocus, flag.State_MouseOver)
    images += [drawn(delegate, model, state=state) for state in states]
    delegate.query = "green"
    images.append(drawn(delegate, model))
    for other in (replace(ROW, state=TakeState.FAILED), replace(ROW, text=""), replace(ROW, program="")):
        model.show_rows(HistoryRows(1, 0, (other,)))
        images.append(drawn(delegate, model))
    images.append(drawn(delegate, model, row=1))
    assert all(one != other for number, one in enumerate(images) for other in images[:number])


def test_head_and_open_take_are_not_drawn(theme: Theme, texts: Texts, model: TimelineModel) -> None:
    delegate = TakeDelegate(theme, texts, model)
    delegate.opened = 2
    assert drawn(delegate, model) == drawn(delegate, model, row=0)


def test_row_height_fits_latin_and_han_letters(theme: Theme, qtbot: QtBot) -> None:
    layout = lay_out("玉石 Ág " * 40, font(), 200.0, LINES + 1)
    assert row_height() > layout.lineAt(LINES).y() + line_height(SCALE.caption)
    assert layout.lineCount() == LINES + 1
    assert day_height() > line_height(SCALE.caption)


@in_each_language
def test_column_is_centred_and_not_too_wide(theme: Theme, texts: Texts, model: TimelineModel) -> None:
    wide = column(QRect(0, 0, 2_000, 50))
    assert (wide.width(), wide.center().x()) == (CONTENT_WIDTH, 1_000)
    narrow = column(QRect(0, 0, 400, 50))
    assert narrow.left() > 0 and narrow.right() < 400
    buttons = TakeDelegate(theme, texts, model).buttons(QRect(0, 0, 400, row_height()), ROWS[0])
    assert list(buttons) == [RowButton.PLAY, RowButton.COPY]
    assert all(narrow.toRect().contains(place) for place in buttons.values())
    assert not buttons[RowButton.PLAY].intersects(buttons[RowButton.COPY])


@pytest.mark.parametrize("state", [TakeState.INTERRUPTED, TakeState.FAILED, TakeState.DAMAGED])
def test_recover_is_offered_without_the_pointer(
    theme: Theme, texts: Texts, model: TimelineModel, state: TakeState
) -> None:
    failed = replace(ROW, state=state)
    model.show_rows(HistoryRows(1, 0, (failed,)))
    delegate = TakeDelegate(theme, texts, model)
    image = drawn(delegate, model)
    places = delegate.buttons(image.rect(), failed)
    assert list(places) == [RowButton.PLAY, RowButton.RECOVER]
    edge = theme.colour("edge")
    assert image.pixelColor(places[RowButton.RECOVER].left(), places[RowButton.RECOVER].center().y()) == edge
    assert image.pixelColor(places[RowButton.PLAY].left(), places[RowButton.PLAY].center().y()) != edge


def test_recover_is_not_offered_for_a_cancelled_recording(
    theme: Theme, texts: Texts, model: TimelineModel
) -> None:
    cancelled = replace(ROW, state=TakeState.FAILED, cancelled=True)
    places = TakeDelegate(theme, texts, model).buttons(QRect(0, 0, 400, row_height()), cancelled)
    assert list(places) == [RowButton.PLAY, RowButton.COPY]


def test_buttons_are_drawn_where_clicks_on_them_count(theme: Theme, texts: Texts, model: TimelineModel) -> None:
    model.show_rows(HistoryRows(1, 0, (ROW,)))
    delegate = TakeDelegate(theme, texts, model)
    image = drawn(delegate, model, state=QStyle.StateFlag.State_MouseOver)
    for place in delegate.buttons(image.rect(), ROW).values():
        inside, outside = (place.adjusted(by, 0, -by, 0) for by in (2, -2))
        for x in (inside.left(), inside.right()):
            assert image.pixelColor(x, place.center().y()) == theme.colour("surface")
        for x in (outside.left(), outside.right()):
            assert image.pixelColor(x, place.center().y()) == theme.colour("sunken")


@pytest.mark.parametrize("text", ["word " * 60, "玉石" * 90, "a😀" * 90])
def test_long_text_is_elided_in_its_last_line(theme: Theme, text: str, qtbot: QtBot) -> None:
    layout = lay_out(text, font(), 200.0)
    short = shortened(text, layout.lineAt(LINES - 1).textStart(), 200.0)
    assert short.endswith("…") and text.startswith(short[:-1].rstrip())
    assert lay_out(short, font(), 200.0).lineCount() == LINES


@pytest.mark.parametrize("width", [150.0, 300.0, 600.0])
@pytest.mark.parametrize("filler", ["the green stone ", "绿色的石头，", "𠮷野"])
def test_first_search_hit_is_shown_wherever_it_is(theme: Theme, filler: str, width: float, qtbot: QtBot) -> None:
    for before in range(0, 60, 4):
        text = filler * before + " pounamu " + filler * (56 - before)
        layout = words_layout(theme, text, "pounamu", width)
        last = layout.lineAt(LINES - 1)
        assert "pounamu" in split_units(layout.text(), last.textStart() + last.textLength())[0], before


def test_text_without_search_begins_at_its_beginning(theme: Theme, qtbot: QtBot) -> None:
    assert words_layout(theme, "first " + "word " * 200, "", 300.0).text().startswith("first word")


def test_marks_count_utf16_units(theme: Theme, qtbot: QtBot) -> None:
    assert [units(text) for text in ("", "a玉", "😀")] == [0, 2, 2]
    made = QTextLayout.FormatRange()
    made.format = mark_format(theme)
    assert made.format.fontUnderline()
