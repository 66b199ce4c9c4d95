"""Icons of the states of files."""

from itertools import combinations

from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.files.view import FileState
from app.ui.files.file_row import SHAPES
from app.ui.theme import icons
from app.ui.theme.theme import Theme
from app.ui.widgets.basic import StateIcon


def drawn(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def test_file_states_have_distinct_shapes(qapp: QApplication) -> None:
    assert set(SHAPES) == set(FileState)
    drawn = {state: icons.icon(name, QColor("black")) for state, (name, _) in SHAPES.items()}
    images = {state: icon.pixmap(22, 22).toImage() for state, icon in drawn.items()}

    def outline(image: QImage) -> list[bool]:
        return [image.pixelColor(x, y).alpha() > 127 for x in range(22) for y in range(22)]

    for one, other in combinations(images.values(), 2):
        assert sum(a != b for a, b in zip(outline(one), outline(other), strict=True)) > 15


def test_file_shape_shows_and_names_its_state(theme: Theme, qtbot: QtBot) -> None:
    shape = StateIcon(theme, SHAPES, FileState.ADDED)
    qtbot.addWidget(shape)
    before = drawn(shape)
    shape.show_state(FileState.FAILED, "Failed")
    assert shape.accessibleName() == "Failed"
    assert drawn(shape) != before
