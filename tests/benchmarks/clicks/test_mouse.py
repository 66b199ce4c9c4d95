"""Reach only what a person could reach, and count it."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QDialog, QLineEdit, QPushButton, QVBoxLayout, QWidget

from benchmarks.clicks.mouse import Mouse, OutOfReachError


class Window(QWidget):
    """Window with a button, a field and a list."""

    def __init__(self) -> None:
        super().__init__()
        self.button, self.field, self.list = QPushButton("go"), QLineEdit("old"), QComboBox()
        self.list.addItems(["one", "two", "three"])
        column = QVBoxLayout(self)
        for widget in (self.button, self.field, self.list):
            column.addWidget(widget)
        self.pressed = 0
        self.button.clicked.connect(self._press)

    def _press(self) -> None:
        self.pressed += 1


@pytest.fixture
def window(qapp: QApplication) -> Iterator[Window]:
    window = Window()
    window.show()
    window.activateWindow()
    qapp.processEvents()
    yield window
    window.hide()
    window.deleteLater()


@pytest.fixture
def mouse(qapp: QApplication) -> Mouse:
    return Mouse(qapp.processEvents)


def test_clicks_lists_texts_and_dialogs_count(window: Window, mouse: Mouse) -> None:
    mouse.click(window.button)
    assert (window.pressed, mouse.clicks) == (1, 1)
    mouse.choose(window.list, "three")
    assert (window.list.currentText(), mouse.clicks) == ("three", 3)
    mouse.click(window.field)
    mouse.types("new words", replaces=True)
    assert (window.field.text(), mouse.clicks) == ("new words", 5)
    mouse.presses(window.field, Qt.Key.Key_Backspace)
    assert (window.field.text(), mouse.clicks) == ("new word", 6)
    assert (mouse.answers("/folder"), mouse.clicks) == ("/folder", 7)


def test_hidden_disabled_and_covered_widgets_are_out_of_reach(window: Window, mouse: Mouse) -> None:
    window.button.setEnabled(False)
    with pytest.raises(OutOfReachError, match="disabled"):
        mouse.click(window.button)
    window.field.hide()
    with pytest.raises(OutOfReachError, match="hidden"):
        mouse.click(window.field)
    cover = QWidget(window)
    cover.setGeometry(window.rect())
    cover.show()
    with pytest.raises(OutOfReachError, match="covered"):
        mouse.click(window.list)
    assert (window.pressed, mouse.clicks) == (0, 0)


def test_window_behind_a_dialog_is_out_of_reach(window: Window, mouse: Mouse) -> None:
    dialog = QDialog(window)
    dialog.open()
    with pytest.raises(OutOfReachError, match="covered"):
        mouse.click(window.button)
    dialog.close()


def test_typing_needs_the_focus_and_a_list_its_entry(window: Window, mouse: Mouse) -> None:
    window.button.setFocus()
    with pytest.raises(OutOfReachError, match="no field"):
        mouse.types("words")
    with pytest.raises(OutOfReachError, match="does not have the focus"):
        mouse.presses(window.field, Qt.Key.Key_F9)
    with pytest.raises(OutOfReachError, match="no entry 'four'"):
        mouse.choose(window.list, "four")
    window.list.hidePopup()
