"""Area in which the timeline, the head of the page and the open take scroll together."""

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.ui.home.take_delegate import TakeDelegate, day_height, row_height
from app.ui.home.timeline import Stage, TakeTimeline
from app.ui.home.timeline_model import TimelineModel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import CONTENT_WIDTH, Theme
from tests.app.ui.home.rows import listed, take


class World:
    def __init__(self, theme: Theme) -> None:
        texts = Texts("en")
        self.model = TimelineModel(lambda wanted: None, lambda row: "", str)
        self.list = TakeTimeline(texts, self.model, TakeDelegate(theme, texts, self.model))
        self.head, self.panel = QWidget(), QWidget()
        self.words, self.button = QLabel("words"), QPushButton("act")
        QVBoxLayout(self.head).addWidget(self.words)
        QVBoxLayout(self.panel).addWidget(self.button)
        self.stage = Stage(self.list, self.model, self.head, self.panel)
        self.model.show_list(listed([take(number) for number in range(40)]))
        self.list.measure()
        self.stage.resize(1_200, 500)
        self.stage.show()
        self.stage.fit()

    @property
    def bar(self) -> int:
        return self.list.verticalScrollBar().value()


@pytest.fixture
def world(theme: Theme, qtbot: QtBot) -> World:
    made = World(theme)
    qtbot.addWidget(made.stage)
    return made


def test_head_stands_above_the_timeline_and_scrolls_with_it(world: World) -> None:
    assert world.head.y() == 0 and world.head.width() == CONTENT_WIDTH and world.panel.isHidden()
    assert world.head.geometry().bottom() < world.list.rowViewportPosition(1)
    world.list.verticalScrollBar().setValue(70)
    assert world.head.y() == -70


def test_open_take_gets_the_room_it_wants(world: World, qtbot: QtBot) -> None:
    world.stage.opened = 4
    world.stage.fit()
    assert world.panel.isVisible() and world.list.rowViewportPosition(5) > world.panel.geometry().bottom()
    before = world.panel.height()
    world.button.setMinimumHeight(200)
    qtbot.waitUntil(lambda: world.panel.height() > before)
    assert world.list.rowViewportPosition(5) > world.panel.geometry().bottom()
    world.stage.opened = None
    world.stage.fit()
    assert world.panel.isHidden() and world.list.rowHeight(4) == world.list.rowHeight(5)


def test_open_take_is_scrolled_into_view(world: World) -> None:
    world.stage.opened = 9
    world.button.setMinimumHeight(300)
    world.stage.fit()
    world.stage.show_open()
    assert world.panel.y() >= 0 and world.panel.geometry().bottom() <= world.list.viewport().height()
    world.list.verticalScrollBar().setValue(world.bar + 250)
    world.stage.show_in_open(QRect(0, 0, 10, 10))
    assert world.panel.y() >= 0
    place = world.bar
    world.stage.show_in_open(QRect(0, 0, 10, 10))
    assert world.bar == place, "what is visible does not move"


def test_wheel_over_the_head_scrolls_the_page(world: World) -> None:
    centre = QPointF(world.head.rect().center())
    flags = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(centre, world.head.mapToGlobal(centre), QPoint(), QPoint(0, -120), *flags, False)
    QApplication.sendEvent(world.stage, event)
    assert world.bar > 0


def test_control_with_the_focus_is_scrolled_into_view(world: World, qtbot: QtBot) -> None:
    world.stage.opened = 12
    world.stage.fit()
    world.stage.activateWindow()
    qtbot.waitUntil(world.stage.isActiveWindow)
    world.button.setFocus()
    assert 0 < world.panel.y() < world.list.viewport().height()


def test_take_at_the_upper_edge_is_found_again(world: World) -> None:
    world.list.verticalScrollBar().setValue(600)
    seen = world.stage.scroll_place()
    world.model.show_list(listed([take(number) for number in range(-3, 40)], version=1))
    world.list.measure()
    world.stage.fit()
    world.stage.see(*seen)
    again = world.stage.scroll_place()
    assert again[:2] == seen[:2] and again[2] > seen[2]


def test_rows_have_their_usual_heights_when_takes_arrive_above_the_open_one(world: World) -> None:
    """Between two days as well: an arriving take moves the names of earlier days down."""
    world.stage.opened = 4
    world.stage.fit()
    open_height, (_, later_day) = world.list.rowHeight(4), tuple(world.model.heads())[:2]
    assert world.list.rowHeight(later_day) == day_height()
    for arrived in (1, 2):
        world.model.show_list(listed([take(number) for number in range(-arrived, 40)], version=arrived))
        world.list.measure()
        world.stage.opened = 4 + arrived
        world.stage.fit()
        days = set(world.model.heads())
        usual = set(range(1, world.model.rowCount())) - days - {world.stage.opened}
        assert {world.list.rowHeight(row) for row in usual} == {row_height()}
        assert {world.list.rowHeight(row) for row in days} == {day_height()}
        assert world.list.rowHeight(4 + arrived) == open_height
