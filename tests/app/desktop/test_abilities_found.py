"""Facts that the environment tells of a desktop."""

import pytest

from app.desktop.abilities import DesktopSession, Found, compositor_of, of_environment, session_of
from app.hotkeys.compositor_lines import Compositor


@pytest.mark.parametrize(
    ("environment", "compositor"),
    [
        ({"SWAYSOCK": "/run/sway"}, Compositor.SWAY),
        ({"XDG_CURRENT_DESKTOP": "Hyprland"}, Compositor.HYPRLAND),
        ({"NIRI_SOCKET": "/run/niri", "XDG_CURRENT_DESKTOP": "niri"}, Compositor.NIRI),
        ({"LABWC_PID": "7", "XDG_CURRENT_DESKTOP": "labwc:wlroots"}, Compositor.LABWC),
        ({"XDG_CURRENT_DESKTOP": "river"}, Compositor.RIVER),
        ({"XDG_CURRENT_DESKTOP": "river", "SWAYSOCK": "/of/another/session"}, Compositor.RIVER),
        ({"XDG_CURRENT_DESKTOP": "KDE"}, None),
        ({}, None),
    ],
)
def test_compositor_is_known_by_its_environment(
    environment: dict[str, str], compositor: Compositor | None
) -> None:
    assert compositor_of(environment) is compositor


def test_session_is_known_by_platform_and_environment() -> None:
    assert session_of("darwin", {"DISPLAY": ":0"}) is DesktopSession.SYSTEM
    assert session_of("linux", {"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}) is DesktopSession.WAYLAND
    assert session_of("linux", {"DISPLAY": ":0"}) is DesktopSession.X11
    assert session_of("linux", {}) is DesktopSession.NONE


def test_environment_alone_names_desktop_and_display() -> None:
    environment = {"XDG_CURRENT_DESKTOP": "ubuntu:GNOME", "DISPLAY": ":1", "SWAYSOCK": "/stale"}
    found = of_environment("linux", environment)
    assert found == Found(DesktopSession.X11, "ubuntu:GNOME", x_display=":1")
    assert found.is_of("gnome") and not found.is_of("kde")
