"""Test that each rule finds its violation and accepts good windows."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QRadioButton, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.legibility import cut, scrolling, unnamed, unreachable

Make = Callable[..., QWidget]


@pytest.fixture
def make(qtbot: QtBot) -> Make:
    def made(*widgets: QWidget) -> QWidget:
        window = QWidget()
        qtbot.addWidget(window)
        column = QVBoxLayout(window)
        for widget in widgets:
            column.addWidget(widget)
        window.resize(window.sizeHint())
        window.show()
        return window

    return made


def named_field() -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName("Search")
    return field


def test_good_window_breaks_no_rule(make: Make) -> None:
    wrapped = QLabel("several words that need more than one line " * 3)
    wrapped.setWordWrap(True)
    window = make(QLabel("plain"), wrapped, QPushButton("Do it"), named_field())
    assert unnamed(window) == unreachable(window) == cut(window) == []


def test_unnamed_control_is_found(make: Make) -> None:
    assert len(unnamed(make(QLineEdit(), QPushButton(), named_field()))) == 2


def test_control_that_tab_skips_is_found(make: Make) -> None:
    button = QPushButton("Do it")
    button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    assert len(unreachable(make(button, named_field()))) == 1


def test_group_of_choices_needs_one_reachable_choice(make: Make) -> None:
    one, other = QRadioButton("this"), QRadioButton("that")
    window = make(one, other)
    other.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    assert unreachable(window) == []
    one.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    assert len(unreachable(window)) == 2


@pytest.mark.parametrize("make_text", [QLabel, QPushButton])
def test_text_with_too_little_room_is_found(make_text: Callable[[str], QWidget], make: Make) -> None:
    text = make_text("a text of some length")
    text.setFixedWidth(40)
    assert len(cut(make(text))) == 1


def test_painted_control_with_too_little_room_is_found(make: Make) -> None:
    class Painted(QWidget):
        def minimumSizeHint(self) -> QSize:
            return QSize(60, 20)

    painted = Painted()
    painted.setFixedWidth(40)
    assert len(cut(make(painted))) == 1


def test_hidden_lines_of_text_are_found(make: Make) -> None:
    text = QLabel("several words that need more than one line " * 3)
    text.setWordWrap(True)
    text.setFixedSize(200, 20)
    assert len(cut(make(text))) == 1


def test_control_wider_than_non_scrolling_area_is_found(make: Make) -> None:
    inside, area = QPushButton("wide"), QScrollArea()
    inside.setFixedWidth(900)
    area.setWidget(inside)
    area.setFixedWidth(300)
    window = make(area)
    assert cut(window) == []  # users can scroll there
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    assert len(cut(window)) == 1


def area_with(inside: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidget(inside)
    area.setWidgetResizable(True)
    return area


def of_size(width: int, height: int) -> QWidget:
    made = QWidget()
    made.setMinimumSize(width, height)
    return made


def test_area_that_scrolls_up_and_down_breaks_no_rule(make: Make) -> None:
    assert scrolling(make(area_with(of_size(10, 2_000)))) == []


def test_area_that_scrolls_sideways_is_found(make: Make) -> None:
    assert len(scrolling(make(area_with(of_size(2_000, 10))))) == 1


def test_area_that_hides_wide_contents_is_found(make: Make) -> None:
    inside = QWidget()
    QVBoxLayout(inside).addWidget(of_size(2_000, 10))
    area = area_with(inside)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    assert scrolling(make(area)) != []


def test_nested_scroll_area_is_found(make: Make) -> None:
    inside = QWidget()
    QVBoxLayout(inside).addWidget(area_with(of_size(10, 10)))
    assert len(scrolling(make(area_with(inside)))) == 1


def test_two_scrolling_areas_are_found(make: Make) -> None:
    both = QWidget()
    column = QVBoxLayout(both)
    for _ in range(2):
        column.addWidget(area_with(of_size(10, 2_000)))
    assert len(scrolling(make(both))) == 1
