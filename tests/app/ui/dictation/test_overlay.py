"""Overlay: appears at once, takes no input, hides by itself, and repaints only for changes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QAccessible, QPainter, QRegion
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.area import Area
from app.core.errors import Note
from app.core.hints import FirstTimes
from app.core.live_text import TextSpan
from app.core.states import State
from app.dictation.view import View
from app.insertion.outcome import TextPlace
from app.ui.dictation.overlay import STAYS_S, Overlay
from app.ui.dictation.overlay_place import Room
from app.ui.dictation.overlay_window import OverlayWindow
from app.ui.settings.choices import Choices
from app.ui.strings.texts import Texts
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import STILL, Motion, Theme

LISTENING = View(State.LISTENING, 1.0, -20.0, (TextSpan("kia ora", True),))


class Clock:
    """Clock that returns the time set by the test."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Counting(Overlay):
    """Overlay that counts how often it is painted."""

    painted = 0
    region = QRect()

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        now: Clock,
        *,
        blended: bool = True,
        hint: FirstTimes | None = None,
        window: OverlayWindow | None = None,
    ) -> None:
        self.window = window or OverlayWindow(texts("overlay.name"), blended=blended)
        super().__init__(theme, texts, self.window, hint=hint, now=now)

    def paint(self, painter: QPainter, region: QRegion) -> None:
        self.painted += 1
        self.region = region.boundingRect()
        super().paint(painter, region)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=[True, False])
def overlay(theme: Theme, texts: Texts, clock: Clock, request: pytest.FixtureRequest) -> Iterator[Counting]:
    made = Counting(theme, texts, now=clock, blended=request.param)
    yield made
    made.close()
    made.window.deleteLater()
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
def test_overlay_window_has_flag(overlay: Counting, flag: Qt.WindowType) -> None:
    assert overlay.window.flags() & flag == flag


def test_overlay_appears_with_first_view(overlay: Counting, qtbot: QtBot) -> None:
    assert not overlay.window.isVisible()
    overlay.show_view(View(State.ARMING))
    assert overlay.window.isVisible()
    qtbot.waitUntil(lambda: overlay.painted > 0)


def test_overlay_is_hidden_from_screen_readers(overlay: Counting, qapp: QApplication) -> None:
    overlay.show_view(LISTENING)
    assert overlay.window in qapp.topLevelWindows()
    assert QAccessible.queryAccessibleInterface(overlay.window) is None
    application = QAccessible.queryAccessibleInterface(qapp)
    children = [application.child(number).object() for number in range(application.childCount())]
    assert overlay.window not in children


def test_overlay_is_at_bottom_centre_and_grows_upwards(overlay: Counting) -> None:
    overlay.show_view(View(State.ARMING))
    low = overlay.body
    area = overlay.window.screen().availableGeometry()
    assert abs(low.center().x() - area.center().x()) <= 1
    assert 0 < area.bottom() - low.bottom() <= 60
    overlay.show_view(LISTENING)
    high = overlay.body
    assert high.height() > low.height()
    assert high.bottom() == low.bottom()
    overlay.show_view(View(State.DONE))
    assert overlay.body.height() == low.height()


def test_overlay_is_at_top_and_grows_downwards_when_chosen(overlay: Counting) -> None:
    overlay.show_view(View(State.ARMING))
    overlay.choose_place("top")
    low = overlay.body
    area = overlay.window.screen().availableGeometry()
    assert 0 < low.top() - area.top() <= 60
    overlay.show_view(LISTENING)
    assert overlay.body.height() > low.height() and overlay.body.top() == low.top()


def test_overlay_is_near_window_of_target_when_chosen(overlay: Counting) -> None:
    overlay.choose_place("cursor")
    area = overlay.window.screen().availableGeometry()
    window = Area(area.x() + 300, area.y() + 50, 200, 100)
    overlay.show_view(replace(LISTENING, window=window))
    assert abs(overlay.body.center().x() - window.middle[0]) <= 1
    assert 0 < overlay.body.top() - window.bottom < 20


def test_overlay_leaves_its_edge_for_field_there(overlay: Counting) -> None:
    area = overlay.window.screen().availableGeometry()
    window = Area(area.x(), area.y(), area.width(), area.height())
    overlay.show_view(replace(LISTENING, window=window))
    assert overlay.body.top() > area.center().y()
    field = Area(area.x(), area.bottom() - 100, area.width(), 90)
    overlay.show_view(replace(LISTENING, window=window, place=TextPlace(field)))
    assert overlay.body.bottom() < area.center().y()


def test_overlay_is_below_text_cursor_when_chosen(overlay: Counting) -> None:
    overlay.choose_place("cursor")
    area = overlay.window.screen().availableGeometry()
    caret = Area(area.x() + 100, area.y() + 100, 1, 20)
    place = TextPlace(Area(area.x() + 50, area.y() + 95, 200, 30), caret)
    overlay.show_view(replace(LISTENING, window=Area(area.x(), area.y(), 300, 200), place=place))
    assert overlay.body.left() == caret.x and 0 < overlay.body.top() - caret.bottom < 20


def test_overlay_is_hidden_while_switched_off(overlay: Counting) -> None:
    overlay.show_view(LISTENING)
    overlay.choose_place("off")
    assert not overlay.window.isVisible()
    overlay.show_view(View(State.FAILED, note=Note("recording-kept", {"reason": ""})))
    assert not overlay.window.isVisible() and overlay.drawing is None
    overlay.show_view(LISTENING)
    overlay.choose_place("bottom")
    assert overlay.window.isVisible()


def test_overlay_grows_in_one_step_without_moving_its_window(theme: Theme, clock: Clock, qtbot: QtBot) -> None:
    made = Counting(Theme(theme.scheme, Motion(quick=1)), Texts("en"), now=clock)
    made.show_view(View(State.LISTENING, 1.0))
    before, window = made.body, made.window.geometry()
    made.show_view(LISTENING)
    assert made.window.geometry() == window, "the room for words is there: a window that is resized flickers"
    assert made.body.contains(before)
    grown = QRectF(made.body).translated(-QPointF(window.topLeft()))
    qtbot.waitUntil(lambda: made.grown() == grown)
    made.close()


@pytest.mark.parametrize("translucent", [True, False])
def test_overlay_grows_at_once_with_reduced_motion(
    theme: Theme, clock: Clock, qapp: QApplication, translucent: bool
) -> None:
    made = Counting(Theme(theme.scheme, STILL), Texts("en"), now=clock, blended=translucent)
    made.show_view(View(State.LISTENING, 1.0))
    made.show_view(LISTENING)
    assert made.grown().size() == QSizeF(made.body.size())
    made.close()


def test_window_is_exactly_the_pill_when_desktop_blends_nothing(theme: Theme, clock: Clock) -> None:
    made = Counting(theme, Texts("en"), now=clock, blended=False)
    made.show_view(LISTENING)
    assert made.window.geometry() == made.body
    assert made.window.mask().boundingRect().size() == made.body.size()
    assert not made.window.mask().contains(QPoint(0, 0)) and made.window.mask().contains(QPoint(30, 1))
    made.close()


def test_cancel_key_is_named_in_first_recordings_only(theme: Theme, clock: Clock, tmp_path: Path) -> None:
    made = Counting(theme, Texts("en"), hint=FirstTimes(tmp_path / "told", most=2), now=clock)
    made.show_choices(Choices(keys={"cancel": "f9"}))
    named = []
    for end in (View(), View(State.WAITING, 2.0), View(State.CANCELLED, 2.0), View(State.DONE, 2.0)):
        made.show_view(View(State.ARMING))
        made.show_view(View(State.LISTENING, 2.0))
        assert made.drawing is not None
        named.append("F9 to cancel" in {piece.text for piece in made.drawing.pieces})
        made.show_view(end)
        made.show_view(View())
    assert named == [True, True, True, False], "a recording that was discarded does not count"
    made.close()


def test_overlay_chooses_screen_once_per_target_window(theme: Theme, clock: Clock) -> None:
    asked: list[tuple[int, int] | None] = []

    class Asking(OverlayWindow):
        def room(self, place: tuple[int, int] | None) -> Room:
            asked.append(place)
            return super().room(place)

    made = Counting(theme, Texts("en"), clock, window=Asking("asking"))
    made.show_view(View(State.ARMING))
    made.show_view(replace(LISTENING, window=Area(1, 1, 4, 4)))
    made.show_view(replace(LISTENING, window=Area(1, 1, 4, 4), seconds=2.0))
    made.show_view(View(State.SENDING))
    made.close()
    assert asked == [None, (3, 3)]  # the overlay does not jump while the user speaks


def test_overlay_hides_some_time_after_take_ends(overlay: Counting, clock: Clock, qtbot: QtBot) -> None:
    overlay.show_view(LISTENING)
    overlay.show_view(View(State.DONE))
    overlay.show_view(View())
    assert overlay.window.isVisible()
    clock.now += STAYS_S[State.DONE] - 0.01
    overlay.show_view(View())
    assert overlay.window.isVisible()
    clock.now += 0.01
    qtbot.waitUntil(lambda: not overlay.window.isVisible())  # by the overlay's own timer
    assert overlay.drawing is None


def test_overlay_stays_longer_for_held_or_failed_take(overlay: Counting, clock: Clock) -> None:
    for state in (State.HELD, State.FAILED):
        overlay.show_view(LISTENING)
        overlay.show_view(View(state))
        clock.now += STAYS_S[State.DONE] + 1
        overlay.show_view(View(state))
        assert overlay.window.isVisible()


def test_overlay_hides_at_once_or_shows_note_when_take_is_cancelled(overlay: Counting) -> None:
    overlay.show_view(LISTENING)
    overlay.show_view(View())
    assert not overlay.window.isVisible()
    overlay.show_view(View(note=Note("cancelled")))
    assert overlay.window.isVisible()


def test_overlay_animates_only_while_listening(overlay: Counting, qtbot: QtBot) -> None:
    overlay.show_view(LISTENING)
    qtbot.waitUntil(lambda: len(overlay.levels) > 2)
    overlay.show_view(View(State.WAITING, 1.0))
    qtbot.waitUntil(lambda: overlay.painted > 0)
    assert not overlay._frames.isActive()


def test_overlay_does_not_repaint_unchanged_view(overlay: Counting, qtbot: QtBot, qapp: QApplication) -> None:
    waiting = View(State.WAITING, 5.0)
    overlay.show_view(waiting)
    qtbot.waitUntil(lambda: overlay.painted > 0)
    qapp.processEvents()
    before = overlay.painted
    for number in range(20):
        overlay.show_view(View(State.WAITING, 5.0 + number / 100))
        qapp.processEvents()
    assert overlay.painted == before


def test_overlay_repaints_only_its_meter_while_listening(overlay: Counting, qtbot: QtBot) -> None:
    overlay.show_view(LISTENING)
    qtbot.waitUntil(lambda: overlay.grown().size() == QSizeF(overlay.body.size()) and overlay.painted > 0)
    before = len(overlay.levels)
    qtbot.waitUntil(lambda: len(overlay.levels) > before + 2)
    assert overlay.drawing is not None and overlay.drawing.meter is not None
    meter = overlay.drawing.meter.translated(overlay.grown().topLeft()).toAlignedRect()
    assert meter.contains(overlay.region)


def test_overlay_follows_size_of_text_and_colours_at_once(
    qapp: QApplication, texts: Texts, clock: Clock, qtbot: QtBot
) -> None:
    theme = Theme(Scheme.LIGHT, STILL)
    theme.dress(qapp)
    made = Counting(theme, texts, now=clock)
    made.show_view(LISTENING)
    qtbot.waitUntil(lambda: made.painted > 0)
    small, painted = made.body, made.painted
    theme.choose_text_size("largest")
    try:
        assert made.body.width() > 1.4 * small.width() and made.body.bottom() == small.bottom()
        qtbot.waitUntil(lambda: made.painted > painted)
        painted = made.painted
        theme.choose(Scheme.DARK)
        qtbot.waitUntil(lambda: made.painted > painted)
    finally:
        theme.choose_text_size("normal")
        made.close()


def test_overlay_changes_language_at_once(theme: Theme, clock: Clock, qtbot: QtBot) -> None:
    texts = Texts("en")
    overlay = Counting(theme, texts, now=clock)
    overlay.show_view(View(State.WAITING, 1.0))
    texts.choose("zh")
    assert overlay.drawing is not None
    assert "正在识别" in {piece.text for piece in overlay.drawing.pieces}
    overlay.close()


def test_overlay_names_paste_key_for_held_text(overlay: Counting) -> None:
    overlay.show_choices(Choices(keys={"paste-held": "ctrl+alt+v"}))
    overlay.show_view(View(State.HELD, held=1))
    assert overlay.drawing is not None
    assert any("Ctrl+Alt+V" in piece.text for piece in overlay.drawing.pieces)
    overlay.show_choices(Choices(keys={"paste-held": "ctrl+alt+v"}, heard=False))
    overlay.show_view(View(State.HELD, held=2))
    assert not any("Ctrl+Alt+V" in piece.text for piece in overlay.drawing.pieces), (
        "no press of the key would arrive"
    )
