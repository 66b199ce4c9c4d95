from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.onboarding.steps import Step, StepProgress
from app.ui.onboarding.widgets import Option, Trail
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme


def test_trail_names_and_paints_each_step(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    trail = Trail(theme, texts)
    qtbot.addWidget(trail)
    trail.resize(700, trail.sizeHint().height())
    seen = []
    for step in Step:
        trail.show_progress(StepProgress(at=step))
        assert texts(f"onboarding.step.{step.value}") in trail.accessibleName()
        seen.append(trail.grab().toImage())
    assert all(one != other for number, one in enumerate(seen) for other in seen[number + 1 :])
    trail.resize(trail.minimumSizeHint())
    assert trail.grab().toImage() != seen[-1]


@pytest.fixture
def options(theme: Theme, qtbot: QtBot) -> Iterator[list[Option]]:
    around = QWidget()
    qtbot.addWidget(around)
    column = QVBoxLayout(around)
    made = [Option(theme), Option(theme)]
    for number, option in enumerate(made):
        option.setText(f"Way {number}")
        column.addWidget(option)
    around.resize(400, 300)
    around.show()
    made[0].setChecked(True)
    yield made
    around.hide()


def test_option_is_chosen_by_keyboard_and_pointer(options: list[Option], qtbot: QtBot) -> None:
    first, second = options
    QTest.mouseClick(second, Qt.MouseButton.LeftButton)
    assert (first.isChecked(), second.isChecked()) == (False, True)
    second.setFocus()
    qtbot.waitUntil(second.hasFocus)
    QTest.keyClick(second, Qt.Key.Key_Up)
    assert (first.isChecked(), first.hasFocus()) == (True, True)
    assert QAccessible.queryAccessibleInterface(first).text(QAccessible.Text.Name) == "Way 0"
