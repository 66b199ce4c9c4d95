"""Playback controls show the reported state and request each change."""

from uuid import UUID

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.history.view import PausePlaying, PlayAction, PlaybackView, PlayState, PlayTake, SeekTake, StopPlaying
from app.ui.home.play_bar import PlayBar
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.showing import displayed

ONE, TWO = UUID(int=1), UUID(int=2)


@pytest.fixture
def moved() -> list[tuple[int, bool]]:
    return []


@pytest.fixture
def bar(
    theme: Theme, texts: Texts, asked: list[PlayAction], moved: list[tuple[int, bool]], qtbot: QtBot
) -> PlayBar:
    made = displayed(
        qtbot, PlayBar(theme, texts, asked.append, lambda ms, going: moved.append((ms, going))), 500, 60
    )
    made.show_take(ONE, 65_000)
    return made


def test_play_bar_plays_from_position_and_pauses(bar: PlayBar, asked: list[PlayAction], texts: Texts) -> None:
    assert bar.time.text() == "0:00 / 1:05" and bar.button.accessibleName() == texts("history.play.play")
    bar.bar.setValue(5_000)
    bar.button.click()
    assert asked == [PlayTake(ONE, 5_000)]
    bar.show_playing(PlaybackView(ONE, PlayState.PLAYING, 7_400, 65_000))
    assert bar.time.text() == "0:07 / 1:05" and bar.button.accessibleName() == texts("history.play.pause")
    bar.toggle()
    assert asked[1:] == [PausePlaying()]
    bar.show_playing(PlaybackView(ONE, PlayState.PAUSED, 7_500, 65_000))
    bar.toggle()
    assert asked[2:] == [PlayTake(ONE, 7_500)]
    bar.bar.setValue(65_000)
    bar.toggle()
    assert asked[3:] == [PlayTake(ONE, 0)]  # at the end, playback restarts


def test_play_bar_seeks_by_click_and_key_only_while_playing(
    bar: PlayBar, asked: list[PlayAction], moved: list[tuple[int, bool]]
) -> None:
    QTest.mouseClick(bar.bar, Qt.MouseButton.LeftButton, pos=QPoint(bar.bar.width() // 2, 5))
    assert asked == [] and abs(moved[-1][0] - 32_500) < 1_000 and moved[-1][1]
    bar.show_playing(PlaybackView(ONE, PlayState.PLAYING, 1_000, 65_000))
    QTest.mousePress(bar.bar, Qt.MouseButton.LeftButton, pos=QPoint(0, 5))
    bar.show_playing(
        PlaybackView(ONE, PlayState.PLAYING, 2_000, 65_000)
    )  # the knob does not move under the pointer
    assert bar.bar.value() == 0 and asked == [SeekTake(ONE, 0)]
    QTest.mouseMove(bar.bar, QPoint(bar.bar.width() - 1, 5))
    QTest.mouseRelease(bar.bar, Qt.MouseButton.LeftButton)
    QTest.keyClick(bar.bar, Qt.Key.Key_Home)
    QTest.keyClick(bar.bar, Qt.Key.Key_Right)
    assert asked[-1] == SeekTake(ONE, 1_000)


def test_play_bar_stops_previous_take_and_starts_new_at_zero(
    bar: PlayBar, asked: list[PlayAction], moved: list[tuple[int, bool]]
) -> None:
    bar.show_playing(PlaybackView(ONE, PlayState.PLAYING, 1_000, 65_000))
    bar.show_take(ONE, 66_000)  # the take has grown
    assert asked == [] and bar.bar.maximum() == 66_000 and bar.bar.value() == 1_000
    bar.show_take(TWO, 3_000)
    assert asked == [StopPlaying()] and bar.time.text() == "0:00 / 0:03"
    bar.show_playing(PlaybackView(ONE, PlayState.STOPPED))
    assert moved == [(1_000, True)] and not bar.playing
    bar.stop()
    bar.show_take(None)
    bar.toggle()
    assert asked == [StopPlaying()]


def test_play_bar_shows_why_playback_failed(bar: PlayBar, texts: Texts) -> None:
    bar.show_playing(PlaybackView(ONE, PlayState.STOPPED, note=Note("speaker-refused")))
    assert bar.note.isVisible() and bar.note.text() == texts("note.speaker-refused")
    bar.show_playing(PlaybackView(ONE, PlayState.PLAYING, 0, 65_000))
    assert not bar.note.isVisible()
