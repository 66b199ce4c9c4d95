"""Home page: accessible names, and all of it legible in each size, language and scheme."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.dictation.view import TakeView
from app.journal.take import TakeState
from app.messages.kinds import Takes
from app.ui.home.page import HomePage
from app.ui.settings.choices import Choices
from app.ui.strings.texts import Texts
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import Theme
from tests.app.ui.home.rows import ROWS, choose, fill
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import displayed, enlarge
from tests.helpers.legibility import cut, scrolling, unnamed, unreachable


@pytest.fixture
def page(theme: Theme, texts: Texts, qtbot: QtBot) -> HomePage:
    return displayed(qtbot, HomePage(theme, texts, lambda action: None), 900, 700)


@in_each_language
def test_home_controls_have_accessible_names(page: HomePage, texts: Texts) -> None:
    fill(page)
    page.show_takes(Takes((TakeView("a", 0.0, 1.0, TakeState.HELD, "kia ora", 1),)))
    page.open_row(page.model.row_of(1))
    choose(page, 0, 1)
    assert unnamed(page) == unreachable(page) == []
    read = page.model.data(page.model.index(2), Qt.ItemDataRole.AccessibleTextRole)
    assert isinstance(read, str) and read.startswith("take 0") and texts("state.done") in read
    stage = QAccessible.queryAccessibleInterface(page.stage)
    inside = [stage.child(number).object() for number in range(stage.childCount())]
    assert {page.head, page.list, page.panel} <= set(inside), "a screen reader finds all parts"


@pytest.mark.parametrize("scheme", list(Scheme))
def test_timeline_is_drawn_in_each_scheme(page: HomePage, theme: Theme, scheme: Scheme) -> None:
    page.head.search.setText("take")
    fill(page, serial=2)
    theme.choose(scheme)
    image = page.list.grab().toImage()
    y = page.list.rowViewportPosition(2) + 20
    assert len({image.pixelColor(x, y).name() for x in range(image.width())}) > 3


@in_each_language
@pytest.mark.parametrize("width", [0, 2_600])
def test_home_page_fits_at_double_font_size(
    qapp: QApplication, theme: Theme, texts: Texts, qtbot: QtBot, width: int
) -> None:
    enlarge(2)
    made = displayed(qtbot, HomePage(theme, texts, lambda action: None))
    made.head.show_choices(Choices(keys={"dictate": "ctrl+alt+right_shift"}))
    fill(made, (replace(ROWS[0], edited=True, text="many words " * 100), *ROWS[1:]))
    made.resize(width or made.minimumSizeHint().width(), 600)
    made.open_row(made.model.row_of(0))
    choose(made, 0, 1)
    for _ in range(4):
        qapp.processEvents()
    assert cut(made) == scrolling(made) == []
    assert all(
        control.geometry().right() <= made.panel.width()
        for control in made.panel.lines.controls
        if control.isVisible()
    )


def test_text_size_changes_at_once(page: HomePage, theme: Theme, qapp: QApplication) -> None:
    fill(page)
    before = page.list.rowHeight(2), page.list.rowHeight(1)
    theme.choose_text_size("largest")
    qapp.processEvents()
    assert page.list.rowHeight(2) > before[0] and page.list.rowHeight(1) > before[1]


def test_language_changes_at_once(theme: Theme, qtbot: QtBot) -> None:
    texts = Texts("en")
    made = HomePage(theme, texts, lambda action: None)
    qtbot.addWidget(made)
    texts.choose("zh")
    assert made.head.search.placeholderText() == texts("history.search")
    assert made.head.hero.start.text() == texts("home.start")
