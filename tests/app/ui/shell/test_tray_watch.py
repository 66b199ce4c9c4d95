"""Trays that are late, end, or start again."""

import pytest
from pytestqt.qtbot import QtBot

from app.ui.shell.tray import MISSES, TrayWatch


class World:
    def __init__(self) -> None:
        self.there = False
        self.told = list[str]()
        self.watch = TrayWatch(lambda: self.there, every_ms=1)
        self.watch.appeared.connect(lambda: self.told.append("appeared"))
        self.watch.vanished.connect(lambda: self.told.append("vanished"))
        self.watch.absent.connect(lambda: self.told.append("absent"))

    def check(self, times: int = 1) -> None:
        for _ in range(times):
            self.watch.check()


@pytest.fixture
def world(qapp: object) -> World:
    return World()


def test_tray_of_the_start_is_reported_once(world: World) -> None:
    world.there = True
    world.check(3)
    assert world.told == ["appeared"] and world.watch.present


def test_tray_that_is_late_is_no_absence(world: World) -> None:
    world.check(MISSES - 1)
    world.there = True
    world.check()
    assert world.told == ["appeared"]


def test_absence_is_reported_once_and_ends_with_a_tray(world: World) -> None:
    world.check(3 * MISSES)
    assert world.told == ["absent"] and not world.watch.present
    world.there = True
    world.check()
    assert world.told == ["absent", "appeared"]


def test_panel_that_starts_again_soon_is_not_reported(world: World) -> None:
    world.there = True
    world.check()
    world.there = False
    world.check(MISSES - 1)
    world.there = True
    world.check()
    assert world.told == ["appeared"] and world.watch.present


def test_panel_that_stays_away_is_reported(world: World) -> None:
    world.there = True
    world.check()
    world.there = False
    world.check(MISSES)
    assert world.told == ["appeared", "vanished"] and not world.watch.present
    world.there = True
    world.check()
    assert world.told[-1] == "appeared"


def test_watch_continues_by_itself(world: World, qtbot: QtBot) -> None:
    world.watch.begin()
    qtbot.waitUntil(lambda: world.told == ["absent"])
