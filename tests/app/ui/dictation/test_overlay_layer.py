"""Layer surface of the overlay on sway: sharp, in its place, on the right output, and gone with the compositor."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QRect
from pytestqt.qtbot import QtBot

from app.core.area import Area
from app.core.live_text import TextSpan
from app.core.states import State
from app.dictation.view import View
from app.ui.dictation.overlay import Overlay
from app.ui.dictation.overlay_layer import OverlayLayer, layer_place
from app.ui.dictation.overlay_place import Anchor, Room
from app.ui.dictation.overlay_wayland import WatchedSockets
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from app.wayland.connection import WaylandConnection
from app.wayland.layer import Edge, LayerPlace, LayerShell
from tests.helpers.wayland_desktop import WaylandDesktop, running_sway
from tests.helpers.wayland_eye import drawn, picture, seen, swaymsg

ARMING = View(State.ARMING)
LISTENING = View(State.LISTENING, 1.0, -20.0, (TextSpan("kia ora 你好", True),))
ROOM = Room(Area(0, 0, 1280, 800))


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WaylandDesktop]:
    with running_sway(tmp_path_factory.mktemp("sway")) as running:
        yield running


@pytest.fixture
def overlay(desktop: WaylandDesktop, theme: Theme, texts: Texts, qtbot: QtBot) -> Iterator[Overlay]:
    with showing(desktop, theme, texts, qtbot) as made:
        yield made


@contextmanager
def showing(desktop: WaylandDesktop, theme: Theme, texts: Texts, qtbot: QtBot) -> Iterator[Overlay]:
    sockets, ready = WatchedSockets(), list[LayerShell]()
    wayland = WaylandConnection.begin(desktop.environment, sockets)
    wayland.after(lambda: ready.append(LayerShell(wayland)))
    qtbot.waitUntil(lambda: bool(ready))
    qtbot.waitUntil(lambda: all(one.area for one in ready[0].outputs))
    made = Overlay(theme, texts, OverlayLayer(ready[0]))
    yield made
    made.close()


def pill(desktop: WaylandDesktop, output: str = "") -> Area | None:
    """Return the place of what is drawn over the black ground, without shadows: those are black too."""
    return drawn(picture(desktop, output))


def area(place: QRect) -> Area:
    return Area(place.x(), place.y(), place.width(), place.height())


def test_pill_is_at_bottom_and_grows_upwards_and_goes(
    overlay: Overlay, desktop: WaylandDesktop, qtbot: QtBot
) -> None:
    overlay.show_view(ARMING)
    seen(qtbot, lambda: pill(desktop) == area(overlay.body))
    low = area(overlay.body)
    overlay.show_view(LISTENING)
    seen(qtbot, lambda: pill(desktop) == area(overlay.body))
    assert overlay.body.height() > low.height and area(overlay.body).bottom == low.bottom == 800 - 48
    overlay.show_view(View())
    seen(qtbot, lambda: pill(desktop) is None)
    overlay.show_view(ARMING)
    seen(qtbot, lambda: pill(desktop) == low)


def test_pill_moves_to_other_edge_when_chosen(overlay: Overlay, desktop: WaylandDesktop, qtbot: QtBot) -> None:
    overlay.choose_place("top")
    overlay.show_view(ARMING)
    seen(qtbot, lambda: pill(desktop) == area(overlay.body))
    assert area(overlay.body).y == 48
    overlay.choose_place("bottom")
    seen(qtbot, lambda: pill(desktop) == area(overlay.body))
    assert area(overlay.body).bottom == 800 - 48


def test_pill_is_near_window_of_target_when_chosen(
    overlay: Overlay, desktop: WaylandDesktop, qtbot: QtBot
) -> None:
    overlay.choose_place("cursor")
    overlay.show_view(View(State.LISTENING, window=Area(100, 100, 300, 200)))
    seen(qtbot, lambda: pill(desktop) == area(overlay.body))
    assert 0 < area(overlay.body).y - 300 < 20
    overlay.show_view(View(State.LISTENING, window=Area(500, 100, 300, 200)))
    seen(qtbot, lambda: pill(desktop) == area(overlay.body))
    assert overlay.body.center().x() > 600


def test_pill_is_sharp_at_twice_the_scale(overlay: Overlay, desktop: WaylandDesktop, qtbot: QtBot) -> None:
    overlay.show_view(LISTENING)
    seen(qtbot, lambda: pill(desktop) == area(overlay.body))
    swaymsg(desktop, "output HEADLESS-1 scale 2")
    try:
        overlay.show_view(View())
        overlay.show_view(ARMING)
        seen(qtbot, lambda: (found := pill(desktop)) and found.height == 80)
        found = pill(desktop)
        assert found is not None and found.bottom == 800 - 96
        row = picture(desktop)[found.y + 40]
        changes = (row[1:] != row[:-1]).any(axis=1).nonzero()[0]
        assert (changes % 2 == 0).any() and (changes % 2 == 1).any(), "pixels are not just doubled"
    finally:
        swaymsg(desktop, "output HEADLESS-1 scale 1")


def test_pill_is_on_output_of_target_and_moves_when_that_is_gone(
    theme: Theme, tmp_path: Path, qtbot: QtBot
) -> None:
    with running_sway(tmp_path) as desktop, showing(desktop, theme, Texts("en"), qtbot) as overlay:
        swaymsg(desktop, "create_output")
        swaymsg(desktop, "output HEADLESS-1 position 0 0; output HEADLESS-2 scale 2 position 1280 0")
        overlay.show_view(ARMING)
        seen(qtbot, lambda: pill(desktop, "HEADLESS-1"))
        there = View(State.LISTENING, window=Area(1300, 10, 200, 200))
        seen(qtbot, lambda: overlay.surface.room((1300, 10)).free == Area(1280, 0, 640, 400))
        overlay.show_view(there)
        seen(qtbot, lambda: (found := pill(desktop, "HEADLESS-2")) and found.bottom == 800 - 96)
        assert pill(desktop, "HEADLESS-1") is None
        overlay.show_view(View())
        overlay.show_view(ARMING)
        overlay.show_view(there)  # before the compositor has told on which output the pill is
        seen(qtbot, lambda: (found := pill(desktop, "HEADLESS-2")) and found.bottom == 800 - 96)
        swaymsg(desktop, "output HEADLESS-2 unplug")
        seen(qtbot, lambda: pill(desktop))
        overlay.show_view(View())
        seen(qtbot, lambda: pill(desktop) is None)


def test_overlay_works_on_when_compositor_is_killed(theme: Theme, tmp_path: Path, qtbot: QtBot) -> None:
    with running_sway(tmp_path) as desktop, showing(desktop, theme, Texts("en"), qtbot) as overlay:
        overlay.show_view(LISTENING)
        seen(qtbot, lambda: pill(desktop))
        os.kill(desktop.processes[1].pid, signal.SIGKILL)
        wayland = overlay.surface._shell.wayland  # type: ignore[attr-defined]  # the connection itself
        qtbot.waitUntil(wayland.gone.is_set)
        overlay.show_view(View(State.LISTENING, window=Area(0, 0, 10, 10)))
        overlay.show_view(View())
        overlay.show_view(ARMING)
        assert overlay.drawing is not None


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        (Anchor(640, 752, True, at_edge=True), LayerPlace(200, 100, Edge.BOTTOM, (0, 0, 30, 0))),
        (Anchor(640, 48, False, at_edge=True), LayerPlace(200, 100, Edge.TOP, (670, 0, 0, 0))),
        (Anchor(10, 700, True), LayerPlace(200, 100, Edge.TOP | Edge.LEFT, (670, 0, 0, 540), over_panels=True)),
    ],
)
def test_place_is_counted_from_its_edge(anchor: Anchor, expected: LayerPlace) -> None:
    assert layer_place(QRect(540, 670, 200, 100), ROOM, anchor) == expected
