"""Launchers and screen lockers are found while they run."""

from pathlib import Path

import pytest

from app.insertion.focus.toplevels import keyboard_taker_runs, takes_keyboard
from tests.helpers.waiting import wait_until_sync
from tests.helpers.wayland_desktop import WaylandDesktop


@pytest.mark.parametrize(
    ("program", "takes"), [("fuzzel", True), ("wmenu-run", True), ("swaylock", True), ("foot", False), ("", False)]
)
def test_launchers_and_lockers_take_the_keyboard(program: str, takes: bool) -> None:
    assert takes_keyboard(program) is takes


def test_launcher_is_found_while_it_runs(labwc: WaylandDesktop, tmp_path: Path) -> None:
    assert not keyboard_taker_runs(labwc.environment)
    launcher = labwc.start(str(named(tmp_path, "fuzzel")), "60")
    wait_until_sync(lambda: keyboard_taker_runs(labwc.environment), "the launcher runs")
    assert not keyboard_taker_runs(labwc.environment | {"WAYLAND_DISPLAY": "another"})
    launcher.terminate()
    launcher.wait(30)
    assert not keyboard_taker_runs(labwc.environment)


def named(folder: Path, name: str) -> Path:
    """Return a program with this name that sleeps."""
    place = folder / name
    place.symlink_to("/usr/bin/sleep")
    return place
