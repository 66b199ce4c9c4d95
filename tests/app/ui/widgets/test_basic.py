"""Custom controls: appearance and keyboard operation."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.core.states import State
from app.ui.theme.colours import COLOURS, Scheme
from app.ui.theme.theme import Theme, font
from app.ui.widgets import basic
from app.ui.widgets.basic import LevelBar, Shape, reveal
from app.ui.widgets.controls import DropDown, Switch, TickButton
from app.ui.widgets.parts import label
from tests.app.ui.showing import enlarge, kept


def pixels(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def has(image: QImage, colour: str) -> bool:
    spots = [(x, y) for x in range(image.width()) for y in range(image.height())]
    return any(image.pixelColor(*spot).name() == colour for spot in spots)


def test_shape_has_accessible_name_and_colour(theme: Theme, qtbot: QtBot) -> None:
    shape = Shape(theme, State.IDLE)
    qtbot.addWidget(shape)
    shape.show_state(State.FAILED, "Failed")
    assert shape.accessibleName() == "Failed"
    assert has(pixels(shape), COLOURS[Scheme.LIGHT].warning)


def test_meter_length_follows_level(theme: Theme, qtbot: QtBot) -> None:
    meter = kept(qtbot, LevelBar(theme), 200, 8)
    accent = COLOURS[Scheme.LIGHT].accent

    def filled() -> int:
        image = pixels(meter)
        return sum(image.pixelColor(x, 4).name() == accent for x in range(200))

    assert filled() == 0
    meter.show_level(-33.0)
    assert filled() == pytest.approx(100, abs=8)
    meter.show_level(0.0)
    assert filled() > 190


def test_double_click_on_a_button_is_one_click(qtbot: QtBot) -> None:
    """The second click on "Cancel" was one on "Remove", which had taken its place."""
    done: list[str] = []
    button = basic.action_button(lambda: done.append(button.text()))
    qtbot.addWidget(button)
    button.setText("Cancel")
    button.clicked.connect(lambda: button.setText("Remove"))
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    QTest.mouseDClick(button, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(button, Qt.MouseButton.LeftButton)
    assert done == ["Cancel"]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert done == ["Cancel", "Remove"]


def test_switch_is_operated_with_keyboard(theme: Theme, qtbot: QtBot) -> None:
    switch = Switch(theme)
    qtbot.addWidget(switch)
    off = pixels(switch)
    with qtbot.waitSignal(switch.clicked):
        QTest.keyClick(switch, Qt.Key.Key_Space)
    assert switch.isChecked()
    assert pixels(switch) != off


def test_choice_is_operated_with_keyboard_but_not_wheel(theme: Theme, qtbot: QtBot) -> None:
    choice = DropDown(theme)
    qtbot.addWidget(choice)
    choice.addItems(["one", "two"])
    QTest.keyClick(choice, Qt.Key.Key_Down)
    assert choice.currentText() == "two"
    assert choice.focusPolicy() == Qt.FocusPolicy.StrongFocus  # the wheel gives no focus


def test_choice_shows_selected_text(theme: Theme, qtbot: QtBot) -> None:
    choice = DropDown(theme)
    qtbot.addWidget(choice)
    empty = pixels(choice)
    choice.addItem("a name that is far too long for the little room that there is for it")
    choice.resize(120, basic.control_height())
    assert pixels(choice) != empty
    assert choice.sizeHint().height() == choice.minimumSizeHint().height() == basic.control_height()


@pytest.mark.parametrize("kind", [Switch, DropDown])
def test_control_shows_its_focus(theme: Theme, qtbot: QtBot, kind: Callable[[Theme], QWidget]) -> None:
    around = QWidget()
    qtbot.addWidget(around)
    control, other = kind(theme), Switch(theme)
    for widget in (control, other):
        widget.setParent(around)
    around.show()
    other.setFocus()
    without = pixels(control)
    control.setFocus()
    qtbot.waitUntil(control.hasFocus)
    assert pixels(control) != without


@pytest.mark.parametrize("kind", [Switch, DropDown, TickButton])
def test_control_that_cannot_be_used_looks_so(
    theme: Theme, qtbot: QtBot, kind: Callable[[Theme], QWidget]
) -> None:
    control = kind(theme)
    qtbot.addWidget(control)
    usable = pixels(control)
    control.setEnabled(False)
    assert pixels(control) != usable


def test_controls_grow_with_font(theme: Theme, qtbot: QtBot) -> None:
    small = basic.control_height(), Switch(theme).sizeHint().height()
    enlarge(2)
    assert basic.control_height() > small[0] * 1.4
    assert Switch(theme).sizeHint().height() > small[1] * 1.4


def test_card_and_label_have_their_role(theme: Theme, qtbot: QtBot) -> None:
    frame, layout = basic.card()
    qtbot.addWidget(frame)
    said = label("kia ora <b>", role="muted", bold=True)
    layout.addWidget(said)
    assert said.textFormat() == Qt.TextFormat.PlainText
    assert (frame.property("role"), said.property("role")) == ("card", "muted")
    assert said.font().bold() or said.font().weight() > QFont.Weight.Normal


def test_painted_text_is_not_cut_where_another_font_is_higher(theme: Theme) -> None:
    words, text_font = "在 desktop-gpu 上识别", font()
    metrics, pictures = QFontMetricsF(text_font), list[QImage]()
    for taller in (0.0, 20.0):
        picture = QImage(300, 60, QImage.Format.Format_RGB32)
        picture.fill(Qt.GlobalColor.white)
        painter = QPainter(picture)
        place = QRectF(10, 20 - taller / 2, 280, metrics.height() + taller)
        basic.paint_text(painter, place, words, text_font, theme.colour("text"))
        painter.end()
        pictures.append(picture)
    assert pictures[0] == pictures[1]


def test_hidden_control_passes_focus_to_heir(theme: Theme, qtbot: QtBot) -> None:
    around = QWidget()
    qtbot.addWidget(around)
    row = QVBoxLayout(around)
    first, going, later = QPushButton(), QPushButton(), QPushButton()
    for button in (first, going, later):
        row.addWidget(button)
    around.show()
    around.activateWindow()
    going.setFocus()
    qtbot.waitUntil(going.hasFocus)
    reveal(going, False, first)
    assert (first.hasFocus(), going.isVisible()) == (True, False)
    reveal(going, True, first)
    assert going.isVisible()
