"""Overlay on Wayland desktops: which kind each allows, and compositors that end or refuse."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.states import State
from app.dictation.view import View
from app.ui.dictation.overlay import Overlay
from app.ui.dictation.overlay_layer import OverlayLayer
from app.ui.dictation.overlay_wayland import OverlayProcess, WatchedSockets, WaylandOverlay
from app.ui.settings.choices import Choices
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from app.wayland.interfaces import OverlayKind
from runtime.event_names import LogEvent
from tests.helpers.bare_compositor import bare_compositor
from tests.helpers.kwin_desktop import running_kwin
from tests.helpers.logs import capture_logs
from tests.helpers.message_bus import running_bus
from tests.helpers.wayland_desktop import WaylandDesktop, running_labwc, running_sway
from tests.helpers.wayland_eye import drawn, picture, seen

Running = Callable[[Path], AbstractContextManager[WaylandDesktop]]
ARMING, LISTENING = View(State.ARMING), View(State.LISTENING)


@pytest.mark.parametrize("running", [running_sway, running_labwc])
def test_overlay_is_a_layer_where_there_are_layers(
    running: Running, theme: Theme, texts: Texts, tmp_path: Path, qtbot: QtBot
) -> None:
    with running(tmp_path) as desktop:
        overlay = WaylandOverlay(theme, texts, desktop.environment, tmp_path / "hint")
        overlay.choose_place("top")
        overlay.show_choices(Choices(keys={"cancel": "f9"}))
        overlay.show_view(ARMING)  # before the compositor has answered
        seen(qtbot, lambda: (found := drawn(picture(desktop))) and found.y == 48)
        assert overlay.kind is OverlayKind.LAYER and isinstance(overlay.shown, Overlay)
        assert overlay.shown.drawing is not None
        assert any("F9" in piece.text for piece in overlay.shown.drawing.pieces)
        overlay.show_view(View())
        seen(qtbot, lambda: not (picture(desktop)[48:88] != 0).any())
        overlay.close()


def test_overlay_is_absent_without_layers_and_xwayland(theme: Theme, tmp_path: Path, qtbot: QtBot) -> None:
    with bare_compositor(tmp_path) as environment, capture_logs() as logs:
        overlay = WaylandOverlay(theme, Texts("en"), environment, tmp_path / "hint")
        seen(qtbot, lambda: overlay.kind is OverlayKind.NONE)
        for view in (ARMING, LISTENING, View(), ARMING):
            overlay.show_view(view)
        assert overlay.shown is None
        overlay.close()
    assert [line["event"] for line in logs] == [LogEvent.OVERLAY_ABSENT]


@pytest.mark.parametrize("chosen", [{}, {"XDG_CURRENT_DESKTOP": "GNOME", "GDK_BACKEND": "wayland"}])
def test_overlay_is_shown_by_a_process_on_xwayland_without_layers(
    theme: Theme, tmp_path: Path, qtbot: QtBot, chosen: dict[str, str]
) -> None:
    with running_sway(tmp_path) as desktop, bare_compositor(tmp_path) as bare:
        overlay = WaylandOverlay(theme, Texts("en"), desktop.environment | bare | chosen, tmp_path / "hint")
        overlay.show_view(LISTENING)
        seen(qtbot, lambda: drawn(picture(desktop)) is not None)
        assert overlay.kind is OverlayKind.XWAYLAND and isinstance(overlay.shown, OverlayProcess)
        overlay.close()
        seen(qtbot, lambda: drawn(picture(desktop)) is None)


def test_overlay_returns_with_the_next_recording_when_compositor_has_restarted(
    theme: Theme, tmp_path: Path, qtbot: QtBot
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    place = {"XDG_RUNTIME_DIR": str(tmp_path), "WAYLAND_DISPLAY": "moving"}
    with capture_logs() as logs:
        with running_sway(first) as desktop:
            _link(tmp_path / "moving", desktop)
            overlay = WaylandOverlay(theme, Texts("en"), place, tmp_path / "hint")
            overlay.show_view(LISTENING)
            seen(qtbot, lambda: drawn(picture(desktop)) is not None)
            os.kill(desktop.processes[1].pid, signal.SIGKILL)
            seen(qtbot, lambda: overlay.shown is None)
        for view in (View(), ARMING, LISTENING, View()):  # no compositor runs
            overlay.show_view(view)
        with running_sway(second) as desktop:
            _link(tmp_path / "moving", desktop)
            overlay.show_view(ARMING)
            seen(qtbot, lambda: drawn(picture(desktop)) is not None)
            overlay.close()
    assert [line["event"] for line in logs] == [LogEvent.OVERLAY_ABSENT], "the absence is reported once"


def test_overlay_is_absent_where_no_compositor_can_be_reached(theme: Theme, tmp_path: Path) -> None:
    with capture_logs() as logs:
        overlay = WaylandOverlay(theme, Texts("en"), {"XDG_RUNTIME_DIR": str(tmp_path)}, tmp_path / "hint")
        for view in (ARMING, View(), ARMING):
            overlay.show_view(view)
        overlay.close()
    assert [line["event"] for line in logs] == [LogEvent.OVERLAY_ABSENT]


@pytest.mark.proof(minutes=1)
def test_kwin_shows_overlay_as_a_layer(theme: Theme, texts: Texts, tmp_path: Path, qtbot: QtBot) -> None:
    """KWin without a screen shows no pictures, but it tells what it has done with ours."""
    with running_bus(tmp_path) as bus, running_kwin(tmp_path, {"DBUS_SESSION_BUS_ADDRESS": bus.address}) as screen:
        overlay = WaylandOverlay(theme, texts, screen.environment, tmp_path / "hint")
        overlay.show_view(LISTENING)
        seen(qtbot, lambda: overlay.shown)
        assert overlay.kind is OverlayKind.LAYER and isinstance(overlay.shown, Overlay)
        surface = overlay.shown.surface
        assert isinstance(surface, OverlayLayer)
        seen(qtbot, lambda: surface.layer and surface.layer.ready and surface.layer.output)
        levels = overlay.shown.levels
        seen(qtbot, lambda: len(levels) > 5 and surface.layer and surface.layer.ready)
        overlay.show_view(View())
        assert surface.layer is None and overlay.shown is not None, "it was refused nothing"
        overlay.close()


def _link(place: Path, desktop: WaylandDesktop) -> None:
    """Let this place lead to the socket of a compositor."""
    place.unlink(missing_ok=True)
    place.symlink_to(Path(desktop.variables["XDG_RUNTIME_DIR"], desktop.variables["WAYLAND_DISPLAY"]))


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    near.setblocking(False)
    yield near, far
    near.close()
    far.close()


def test_reader_is_called_until_it_is_removed(pair: tuple[socket.socket, socket.socket], qtbot: QtBot) -> None:
    near, far = pair
    watched, told = WatchedSockets(), list[bytes]()
    watched.add_reader(near.fileno(), lambda: told.append(near.recv(10)))
    far.send(b"one")
    qtbot.waitUntil(lambda: told == [b"one"])
    watched.remove_reader(near.fileno())
    watched.remove_reader(near.fileno())  # safe to call twice
    far.send(b"two")
    QApplication.processEvents()
    assert told == [b"one"]


def test_writer_may_remove_itself(pair: tuple[socket.socket, socket.socket], qtbot: QtBot) -> None:
    near, _ = pair
    watched, told = WatchedSockets(), list[bool]()

    def writable() -> None:
        told.append(True)
        watched.remove_writer(near.fileno())

    watched.add_writer(near.fileno(), writable)
    qtbot.waitUntil(lambda: bool(told))
    QApplication.processEvents()
    assert told == [True]
