"""Each state of a model has a shape, and the one that is used a dot."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.models.view import ModelState
from app.ui import icons
from app.ui.model_widgets import SHAPES, ModelShape, Pick
from app.ui.theme import Theme


def test_every_state_has_a_shape_in_a_colour_of_ours(theme: Theme) -> None:
    assert set(SHAPES) == set(ModelState)
    for name, colour in SHAPES.values():
        assert icons.svg(name) and theme.colour(colour).isValid()


def test_a_shape_says_its_word_and_looks_like_its_state(theme: Theme, qtbot: QtBot) -> None:
    shape = ModelShape(theme)
    qtbot.addWidget(shape)
    drawn = []
    for state in (ModelState.INSTALLED, ModelState.FAILED):
        shape.show_state(state, f"the word for {state}")
        drawn.append(shape.grab().toImage())
    assert shape.accessibleName() == "the word for failed"
    assert drawn[0] != drawn[1]


@pytest.fixture
def pick(theme: Theme, qtbot: QtBot) -> Iterator[Pick]:
    card = QWidget()
    qtbot.addWidget(card)
    made = Pick(theme)
    made.setParent(card)
    made.setText("Use")
    card.show()
    yield made


def test_what_is_used_has_a_dot_and_can_lose_it(pick: Pick) -> None:
    before = pick.grab().toImage()
    QTest.keyClick(pick, Qt.Key.Key_Space)
    assert pick.isChecked()
    assert pick.grab().toImage() != before
    pick.setChecked(False)
    assert not pick.isChecked(), "what is in force decides"


def test_nothing_of_its_text_is_cut(pick: Pick) -> None:
    assert pick.minimumSizeHint() == pick.sizeHint()
    before = pick.sizeHint().width()
    pick.setText("Use on this computer")
    assert pick.sizeHint().width() > before
