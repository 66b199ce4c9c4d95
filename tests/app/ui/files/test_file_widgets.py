"""Controls of the file list: state icons, progress bars, ticks and the drop zone."""

from itertools import combinations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.files.view import FileState
from app.ui.files.file_row import SHAPES
from app.ui.files.page import DropZone
from app.ui.strings.texts import Texts
from app.ui.theme import icons
from app.ui.theme.theme import Theme
from app.ui.widgets.basic import FileProgressBar, StateIcon
from app.ui.widgets.controls import TickButton
from tests.app.ui.languages import in_each_language


def drawn(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def test_file_states_have_distinct_shapes(qapp: QApplication) -> None:
    assert set(SHAPES) == set(FileState)
    images = {state: icons.image(name, 22, QColor("black")) for state, (name, _) in SHAPES.items()}

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


def test_progress_bar_fills_and_is_quiet_when_paused(theme: Theme, qtbot: QtBot) -> None:
    bar = FileProgressBar(theme)
    qtbot.addWidget(bar)
    bar.resize(200, bar.height())
    looks = []
    for percent, moving in ((0, True), (40, True), (80, True), (80, False)):
        bar.show_percent(percent, "talk.mp3", moving=moving)
        looks.append(drawn(bar))
    assert all(one != other for one, other in combinations(looks, 2))
    assert (bar.value(), bar.accessibleName()) == (80, "talk.mp3")
    accent = theme.colour("accent")
    across = [looks[1].pixelColor(x, 3) == accent for x in range(looks[1].width())]
    assert sum(across) == pytest.approx(0.4 * len(across), abs=4)


def test_tick_is_toggled_by_keyboard_and_visible(theme: Theme, qtbot: QtBot) -> None:
    tick = TickButton(theme)
    qtbot.addWidget(tick)
    tick.setText("Subtitles")
    tick.resize(tick.sizeHint())
    tick.show()
    off, size = drawn(tick), tick.sizeHint()
    QTest.keyClick(tick, Qt.Key.Key_Space)
    assert tick.isChecked()
    assert drawn(tick) != off
    assert tick.sizeHint() == size
    tick.setFocus()
    assert size.width() >= tick.fontMetrics().horizontalAdvance("Subtitles")


def test_ticks_and_state_icons_follow_the_text_size_at_once(theme: Theme, qtbot: QtBot) -> None:
    tick, shape = TickButton(theme), StateIcon(theme, SHAPES, FileState.ADDED)
    qtbot.addWidget(tick)
    qtbot.addWidget(shape)
    tick.setText("Subtitles")
    before = tick.sizeHint(), shape.size()
    theme.choose_text_size("largest")
    grown = tick.sizeHint(), shape.size()
    assert all(after.width() > 1.25 * once.width() for once, after in zip(before, grown, strict=True))


@pytest.fixture
def asked() -> list[str]:
    return []


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
    assert zone.says.text() == texts("files.drop-now")
    assert drawn(zone) != before
    zone.show_over(False)
    assert zone.says.text() == texts("files.drop")


@in_each_language
def test_drop_zone_strip_is_low_and_moves_buttons_below_when_narrow(zone: DropZone, qtbot: QtBot) -> None:
    tall = zone.sizeHint().height()
    zone.show_zone(strip=True, full=False)
    qtbot.waitUntil(lambda: zone.open.x() > zone.says.geometry().right())
    assert zone.sizeHint().height() < tall
    zone.resize(zone.minimumSizeHint().width(), 300)
    qtbot.waitUntil(lambda: zone.open.y() > zone.hint.geometry().bottom())
