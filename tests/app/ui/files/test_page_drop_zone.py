"""Area of the files page where files are dropped or opened."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.files.view import FilesView, FileView
from app.ui.files.page import DropZone, FilesPage
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from app.ui.widgets.panels import scrolling
from tests.app.ui.dialogs import FakeDialogs
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import displayed


def drawn(widget: QWidget) -> QImage:
    return widget.grab().toImage()


@pytest.fixture
def zone(theme: Theme, texts: Texts, asked: list[str], qtbot: QtBot) -> DropZone:
    made = DropZone(theme, texts, lambda: asked.append("files"), lambda: asked.append("folder"))
    qtbot.addWidget(made)
    made.show_zone(strip=False, full=False)
    made.resize(800, 300)
    made.show()
    return made


def test_drop_zone_opens_files_and_folders(zone: DropZone, asked: list[str]) -> None:
    QTest.keyClick(zone.open, Qt.Key.Key_Space)
    QTest.mouseClick(zone.folder, Qt.MouseButton.LeftButton)
    assert asked == ["files", "folder"]


def test_drop_zone_opens_nothing_when_list_is_full(zone: DropZone, texts: Texts, asked: list[str]) -> None:
    zone.show_zone(strip=True, full=True)
    QTest.keyClick(zone.open, Qt.Key.Key_Space)
    assert asked == []
    assert zone.hint.text() == texts("files.full-hint")


def test_drop_zone_highlights_drag(zone: DropZone, texts: Texts) -> None:
    before = drawn(zone)
    zone.show_over(True)
    assert zone.description.text() == texts("files.drop-now")
    assert drawn(zone) != before
    zone.show_over(False)
    assert zone.description.text() == texts("files.drop")


@in_each_language
def test_drop_zone_strip_is_low_and_moves_buttons_below_when_narrow(zone: DropZone, qtbot: QtBot) -> None:
    tall = zone.sizeHint().height()
    zone.show_zone(strip=True, full=False)
    qtbot.waitUntil(lambda: zone.open.x() > zone.description.geometry().right())
    assert zone.sizeHint().height() < tall
    zone.resize(zone.minimumSizeHint().width(), 300)
    qtbot.waitUntil(lambda: zone.open.y() > zone.hint.geometry().bottom())


def test_added_file_is_scrolled_into_view_and_others_are_not(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    """A long list shows the files from a drop or the dialog; a file added elsewhere does not scroll it."""
    dialogs, listed = FakeDialogs(), [FileView(number, f"/a/{number}.wav") for number in range(30)]
    page = FilesPage(theme, texts, lambda action: None, dialogs)
    area = displayed(qtbot, scrolling(page), 900, 500)
    page.show_files(FilesView(tuple(listed)))
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() > 0)
    listed.append(FileView(30, "/a/30.wav"))
    page.show_files(FilesView(tuple(listed)))
    qtbot.waitUntil(lambda: page.rows[30].height() == page.rows[0].height())
    assert area.verticalScrollBar().value() == 0
    dialogs.chosen = ["/a/31.wav"]
    page.zone.open.click()
    listed.append(FileView(31, "/a/31.wav"))
    page.show_files(FilesView(tuple(listed)))
    qtbot.waitUntil(lambda: not page.rows[31].visibleRegion().isEmpty())
