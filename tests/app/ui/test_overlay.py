"""The overlay comes at once, takes nothing, goes by itself, and is drawn only when there is something new."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QPaintEvent, QScreen
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.live_text import Span
from app.states import State
from app.ui import overlay as module
from app.ui.choices import Choices
from app.ui.lingering import STAYS_S
from app.ui.overlay import Overlay
from app.ui.texts import Texts
from app.ui.theme import Theme
from app.view import Note, View

LISTENING = View(State.LISTENING, 1.0, -20.0, (Span("kia ora", True),))


class Counting(Overlay):
    """Counts how often it is drawn."""

    painted = 0

    def paintEvent(self, event: QPaintEvent) -> None:
        self.painted += 1
        super().paintEvent(event)


class Clock:
    """Only what a test sets."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=[True, False])
def overlay(theme: Theme, texts: Texts, clock: Clock, request: pytest.FixtureRequest) -> Iterator[Counting]:
    made = Counting(theme, texts, translucent=request.param, now=clock)
    yield made
    made.hide()
    made.deleteLater()


@pytest.mark.parametrize(
    "flag",
    [
        Qt.WindowType.FramelessWindowHint,
        Qt.WindowType.WindowStaysOnTopHint,
        Qt.WindowType.WindowDoesNotAcceptFocus,
        Qt.WindowType.WindowTransparentForInput,
        Qt.WindowType.X11BypassWindowManagerHint,
        Qt.WindowType.Tool,
    ],
)
def test_it_asks_for_nothing(overlay: Counting, flag: Qt.WindowType) -> None:
    assert overlay.flags() & flag == flag


def test_it_is_there_with_the_first_view(overlay: Counting, qtbot: QtBot) -> None:
    assert not overlay.isVisible()
    overlay.show_view(View(State.ARMING))
    assert overlay.isVisible()
    qtbot.waitUntil(lambda: overlay.painted > 0)


def test_a_screen_reader_does_not_see_it(overlay: Counting, qapp: QApplication) -> None:
    overlay.show_view(LISTENING)
    assert overlay in qapp.topLevelWindows()
    assert QAccessible.queryAccessibleInterface(overlay) is None
    application = QAccessible.queryAccessibleInterface(qapp)
    children = [application.child(number).object() for number in range(application.childCount())]
    assert overlay not in children


def test_it_is_near_the_bottom_in_the_middle_and_grows_upwards(overlay: Counting) -> None:
    overlay.show_view(View(State.ARMING))
    low = overlay.geometry()
    area = overlay.screen().availableGeometry()
    assert abs(low.center().x() - area.center().x()) <= 1
    assert 0 < area.bottom() - low.bottom() <= 60
    overlay.show_view(LISTENING)
    high = overlay.geometry()
    assert high.height() > low.height()
    assert abs(high.bottom() - low.bottom()) <= 1


@pytest.mark.parametrize(
    ("place", "ratio", "there"),
    [((0, 0), 1.0, False), ((1920, 0), 1.0, True), ((3839, 1079), 1.0, True), ((3840, 0), 1.0, False)]
    + [((3840, 0), 2.0, True), ((5759, 2159), 2.0, True), ((5760, 0), 2.0, False)],
)
def test_a_screen_is_found_by_the_pixels_of_the_system(place: tuple[int, int], ratio: float, there: bool) -> None:
    assert module.shows(QRect(1920, 0, 1920, 1080), ratio, QPoint(*place)) is there


def test_it_is_on_the_screen_with_the_window_that_texts_go_to(theme: Theme, clock: Clock) -> None:
    asked: list[tuple[int, int] | None] = []

    class Asking(Overlay):
        def choose_screen(self, place: tuple[int, int] | None) -> QScreen:
            asked.append(place)
            return super().choose_screen(place)

    made = Asking(theme, Texts("en"), now=clock)
    made.show_view(View(State.ARMING))
    made.show_view(replace(LISTENING, at=(3, 3)))
    made.show_view(replace(LISTENING, at=(3, 3), seconds=2.0))
    made.show_view(View(State.SENDING))
    made.hide()
    assert asked == [None, (3, 3)]  # it does not jump while somebody speaks


def test_it_goes_some_time_after_the_end(overlay: Counting, clock: Clock, qtbot: QtBot) -> None:
    overlay.show_view(LISTENING)
    overlay.show_view(View(State.DONE))
    overlay.show_view(View())
    assert overlay.isVisible()
    clock.now += STAYS_S[State.DONE] - 0.01
    overlay.show_view(View())
    assert overlay.isVisible()
    clock.now += 0.01
    qtbot.waitUntil(lambda: not overlay.isVisible())  # by its own timer
    assert overlay.drawing is None


def test_what_is_held_or_failed_stays_longer(overlay: Counting, clock: Clock) -> None:
    for state in (State.HELD, State.FAILED):
        overlay.show_view(LISTENING)
        overlay.show_view(View(state))
        clock.now += STAYS_S[State.DONE] + 1
        overlay.show_view(View(state))
        assert overlay.isVisible()


def test_a_cancelled_take_goes_at_once_or_says_so(overlay: Counting) -> None:
    overlay.show_view(LISTENING)
    overlay.show_view(View())
    assert not overlay.isVisible()
    overlay.show_view(View(note=Note("cancelled")))
    assert overlay.isVisible()


def test_it_moves_only_while_somebody_speaks(overlay: Counting, qtbot: QtBot) -> None:
    overlay.show_view(LISTENING)
    qtbot.waitUntil(lambda: len(overlay.levels) > 2)
    overlay.show_view(View(State.WAITING, 1.0))
    qtbot.waitUntil(lambda: overlay.painted > 0)
    assert not overlay._frames.isActive()


def test_the_same_view_again_draws_nothing(overlay: Counting, qtbot: QtBot, qapp: QApplication) -> None:
    waiting = View(State.WAITING, 5.0)
    overlay.show_view(waiting)
    qtbot.waitUntil(lambda: overlay.painted > 0)
    qapp.processEvents()
    before = overlay.painted
    for number in range(20):
        overlay.show_view(View(State.WAITING, 5.0 + number / 100))
        qapp.processEvents()
    assert overlay.painted == before


def test_another_language_and_other_colours_are_seen_at_once(theme: Theme, clock: Clock, qtbot: QtBot) -> None:
    texts = Texts("en")
    overlay = Counting(theme, texts, now=clock)
    overlay.show_view(LISTENING)
    texts.choose("zh")
    assert overlay.drawing is not None
    assert "正在聆听" in {piece.text for piece in overlay.drawing.pieces}
    overlay.hide()


def test_what_is_held_names_the_key_of_the_settings(overlay: Counting) -> None:
    overlay.show_choices(Choices(keys={"paste-held": "ctrl+alt+v"}))
    overlay.show_view(View(State.HELD, held=1))
    assert overlay.drawing is not None
    assert any("Ctrl+Alt+V" in piece.text for piece in overlay.drawing.pieces)
    overlay.show_choices(Choices(keys={"paste-held": "ctrl+alt+v"}, heard=False))
    overlay.show_view(View(State.HELD, held=2))
    assert not any("Ctrl+Alt+V" in piece.text for piece in overlay.drawing.pieces), "nobody hears it"


def test_where_windows_cannot_be_placed_there_is_none(qapp: QApplication) -> None:
    assert module.possible()  # offscreen lets us
