"""Bar of several selected takes, and the question before a deletion."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.core.format import Format
from app.ui.home.selection_bar import ExportButton, SelectionBar
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.home.rows import take


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def bar(theme: Theme, texts: Texts, said: list[str], qtbot: QtBot) -> Iterator[SelectionBar]:
    window, made = QWidget(), SelectionBar(texts, lambda form: said.append(form.value))
    QVBoxLayout(window).addWidget(made)
    window.layout().addWidget(QPushButton("other"))  # type: ignore[union-attr]  # it was just set
    for name in ("copy_wanted", "delete_wanted", "delete_refused", "close_wanted"):
        getattr(made, name).connect(lambda name=name: said.append(name))
    qtbot.addWidget(window)
    window.resize(600, 200)
    window.show()
    window.activateWindow()
    yield made
    window.hide()


def test_bar_appears_for_several_takes(bar: SelectionBar, texts: Texts, said: list[str]) -> None:
    bar.show_takes([take(0)])
    assert bar.isHidden()
    bar.show_takes([take(0), take(1)])
    assert not bar.isHidden() and bar.name.text() == texts("history.chosen", count=2)
    for button in (bar.copy, bar.delete, bar.cancel):
        button.click()
    assert said == ["copy_wanted", "delete_wanted", "close_wanted"]


def test_texts_are_copied_and_exported_only_if_there_are_any(bar: SelectionBar) -> None:
    bar.show_takes([take(0, text=""), take(1, text="")])
    assert bar.copy.isHidden() and bar.export.isHidden() and not bar.delete.isHidden()


def test_deletion_is_asked_for_one_take_too(
    bar: SelectionBar, texts: Texts, said: list[str], qtbot: QtBot
) -> None:
    bar.show_takes([take(0)], confirming=True)
    assert not bar.isHidden() and bar.name.text() == texts("home.delete-sure", count=1)
    assert bar.delete.property("role") == "danger" and bar.copy.isHidden()
    qtbot.waitUntil(bar.delete.hasFocus)
    bar.cancel.click()
    assert said[0] == "delete_refused"


def test_deletion_can_be_undone_unless_the_bar_is_for_other_takes(bar: SelectionBar, texts: Texts) -> None:
    bar.show_takes([])
    bar.show_deleted(1)
    bar.show_takes([take(0)])
    assert bar.name.text() == texts("home.deleted", count=1)
    assert not bar.undo.isHidden() and bar.delete.isHidden() and bar.copy.isHidden()
    bar.show_takes([take(0), take(1)])
    assert bar.undo.isHidden() and not bar.delete.isHidden()
    bar.show_takes([take(0)], confirming=True)
    assert bar.undo.isHidden() and bar.name.text() == texts("home.delete-sure", count=1)
    bar.show_takes([take(0)])
    assert not bar.undo.isHidden() and bar.delete.isHidden(), "the second question was refused"


def test_offer_to_undo_ends(bar: SelectionBar, qtbot: QtBot) -> None:
    bar._undo_ends.setInterval(10)
    bar.show_deleted(1)
    qtbot.waitUntil(bar.isHidden)
    assert not bar._undo_ends.isActive(), "no timer runs while the window is idle"


def test_escape_keeps_the_takes(bar: SelectionBar, said: list[str], qtbot: QtBot) -> None:
    bar.show_takes([take(0)], confirming=True)
    qtbot.waitUntil(bar.delete.hasFocus)
    QTest.keyClick(bar.delete, Qt.Key.Key_Escape)
    assert said == ["delete_refused"]


def test_double_click_on_delete_deletes_nothing(bar: SelectionBar, said: list[str]) -> None:
    bar.show_takes([take(0), take(1)])
    bar.delete_wanted.connect(lambda: bar.show_takes([take(0), take(1)], confirming=True))
    QApplication.processEvents()
    QTest.mouseClick(bar.delete, Qt.MouseButton.LeftButton)
    QTest.mouseDClick(bar.delete, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(bar.delete, Qt.MouseButton.LeftButton)
    assert said.count("delete_wanted") == 1
    QTest.mouseClick(bar.delete, Qt.MouseButton.LeftButton)
    assert said.count("delete_wanted") == 2


def test_takes_are_kept_when_focus_leaves_the_question(bar: SelectionBar, said: list[str], qtbot: QtBot) -> None:
    bar.show_takes([take(0)], confirming=True)
    qtbot.waitUntil(bar.delete.hasFocus)
    bar.window().findChildren(QPushButton)[-1].setFocus()
    assert said == ["delete_refused"]


@pytest.fixture
def asking(bar: SelectionBar, qtbot: QtBot) -> SelectionBar:
    """Return the bar while it asks about two takes; a refusal withdraws the question, as on the page."""
    bar.delete_refused.connect(lambda: bar.show_takes(bar.rows))
    bar.show_takes([take(0), take(1)], confirming=True)
    qtbot.waitUntil(bar.delete.hasFocus)
    return bar


def test_click_on_cancel_keeps_the_selection(asking: SelectionBar, said: list[str]) -> None:
    """The press gives "Cancel" the focus before the click, which must still mean the question."""
    QTest.mouseClick(asking.cancel, Qt.MouseButton.LeftButton)
    assert said == ["delete_refused"]


def test_tab_from_delete_leads_to_cancel(asking: SelectionBar, said: list[str]) -> None:
    QTest.keyClick(asking.delete, Qt.Key.Key_Tab)
    assert asking.cancel.hasFocus() and asking.confirming
    QTest.keyClick(asking.cancel, Qt.Key.Key_Space)
    assert said == ["delete_refused"] and not asking.confirming


def test_export_button_offers_every_format(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    chosen: list[Format] = []
    button = ExportButton(texts, chosen.append)
    qtbot.addWidget(button)
    for action in button.forms.values():
        action.trigger()
    assert chosen == list(Format)
