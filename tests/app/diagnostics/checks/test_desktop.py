"""Sessions, text insertion and the tray: by kind of desktop, and on a real X server."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from app.desktop.abilities import DesktopSession, Found, of_environment, read_desktop
from app.diagnostics.checks.desktop import (
    ReadDesktop,
    desktop,
    microphone_on_windows,
    permissions,
    read_screen,
    session,
    trusted_on_mac,
    window_libraries,
)
from app.x11.errors import X11Missing
from tests.app.desktop.desktops import DESKTOPS
from tests.app.diagnostics.checks.found import keys
from tests.helpers.desktop import Desktop, running_desktop

X11 = {"DISPLAY": ":7", "XDG_CURRENT_DESKTOP": "XFCE"}
WAYLAND = {"XDG_SESSION_TYPE": "wayland", "XDG_CURRENT_DESKTOP": "GNOME"}


async def no_tray(platform: str, environment: Mapping[str, str]) -> Found:
    return Found(DesktopSession.X11, tray=False)


async def has_tray(platform: str, environment: Mapping[str, str]) -> Found:
    return Found(DesktopSession.X11, tray=True)


async def answers_nothing(platform: str, environment: Mapping[str, str]) -> Found:
    return Found(DesktopSession.X11)


def is_on(name: str) -> ReadDesktop:
    async def learn(platform: str, environment: Mapping[str, str]) -> Found:
        return DESKTOPS[name]

    return learn


async def well(display: str) -> bool:
    return True


async def poor(display: str) -> bool:
    return False


async def gone(display: str) -> bool:
    raise X11Missing("no")


def test_session_names_its_kind() -> None:
    assert keys([session("linux", X11)]) == ["ok session-x11"]
    assert keys([session("linux", WAYLAND | X11)]) == ["ok session-wayland"]
    assert keys([session("linux", {"DISPLAY": ":9"})]) == ["ok session-x11-bare"]
    assert keys([session("linux", {"WAYLAND_DISPLAY": "wayland-0"})]) == ["ok session-wayland-bare"]
    assert keys([session("linux", {})]) == ["advice session-none"]
    assert session("darwin", {}).values == {"system": "macOS"}


async def test_desktop_on_x11_checks_insertion_and_tray() -> None:
    assert keys(await desktop("linux", X11, well, has_tray)) == [
        "ok session-x11",
        "ok insertion-ready",
        "ok tray-there",
    ]
    with_method = X11 | {"XMODIFIERS": "@im=fcitx"}
    assert keys(await desktop("linux", with_method, well, has_tray))[1] == "ok insertion-method"
    assert keys(await desktop("linux", X11, poor, no_tray)) == [
        "ok session-x11",
        "problem insertion-no-keys",
        "advice tray-none",
    ]
    assert keys(await desktop("linux", X11, poor, has_tray))[2] == "ok tray-there"
    assert keys(await desktop("linux", X11, gone)) == ["ok session-x11", "problem screen-unreachable"]


async def test_desktop_without_x11_gives_advice() -> None:
    assert keys(await desktop("linux", {}, well)) == ["advice session-none"]
    assert keys(await desktop("win32", {}, well)) == ["ok session-system", "advice insertion-not-installed"]
    assert keys(await desktop("linux", X11, poor, answers_nothing)) == [
        "ok session-x11",
        "problem insertion-no-keys",
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "sway",
            [
                *("advice hotkeys-lines", "ok insertion-data-control", "ok focus-sway"),
                *("ok overlay-layer-shell", "ok tray-icon"),
            ],
        ),
        (
            "gnome 48",
            [
                *("ok insertion-ibus", "ok focus-accessibility", "ok overlay-xwayland"),
                "advice tray-no-host-gnome",
            ],
        ),
        (
            "weston",
            [
                *("advice hotkeys-command", "advice insertion-no-clipboard", "advice focus-no-focus"),
                *("advice overlay-no-layer", "advice tray-no-host"),
            ],
        ),
    ],
)
async def test_desktop_on_wayland_reports_means_and_fallbacks(name: str, expected: list[str]) -> None:
    found = await desktop("linux", WAYLAND, well, is_on(name))
    assert keys(found) == ["ok session-wayland", *expected]


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    with running_desktop(tmp_path_factory.mktemp("screen")) as desktop:
        yield desktop


async def test_screen_reading_examines_a_real_x_server(screen: Desktop) -> None:
    assert await read_screen(screen.display)
    with pytest.raises(X11Missing):
        await read_screen("no name of a display")


async def test_tray_without_a_bus_is_found(screen: Desktop) -> None:
    alone = {"DISPLAY": screen.display, "HOME": str(screen.folder), "XDG_RUNTIME_DIR": str(screen.folder)}
    assert await read_desktop("linux", alone) == replace(of_environment("linux", alone), tray=True)


async def test_desktop_check_writes_no_files(screen: Desktop, home: Path) -> None:
    alone = {"DISPLAY": screen.display, "HOME": str(screen.folder), "XDG_RUNTIME_DIR": str(screen.folder)}
    assert "ok insertion-ready" in keys(await desktop("linux", alone))
    assert not home.exists()  # noqa: ASYNC240 - a test may look


@pytest.mark.parametrize(("allowed", "found"), [(None, []), (True, ["ok permissions-given"])])
def test_permissions_are_fine_when_granted_or_unknown(allowed: bool | None, found: list[str]) -> None:
    assert keys(permissions("darwin", mac=lambda: allowed)) == found
    assert keys(permissions("win32", windows=lambda: allowed)) == found
    assert permissions("linux") == []


def test_denied_permission_is_a_problem() -> None:
    assert keys(permissions("darwin", mac=lambda: False)) == ["problem accessibility-denied"]
    assert keys(permissions("win32", windows=lambda: False)) == ["problem microphone-denied"]


def test_permissions_are_unknown_on_other_systems() -> None:
    assert trusted_on_mac() is None and microphone_on_windows() is None


def test_missing_library_of_windows_is_a_problem() -> None:
    def gone_library(plugin: str) -> object:
        raise OSError("libEGL.so.1: cannot open shared object file: No such file or directory")

    (found,) = window_libraries("linux", X11, gone_library)
    assert (keys([found]), found.values["library"]) == (["problem window-library-missing"], "libEGL.so.1")
    assert window_libraries("linux", X11, lambda plugin: None) == []
    assert window_libraries("win32", X11, gone_library) == []
