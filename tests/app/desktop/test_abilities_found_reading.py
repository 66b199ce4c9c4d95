"""Read a real sway, on a bus with and without portals, and no desktop at all."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from dbus_fast import Variant

from app.desktop.abilities import Ability, DesktopSession, abilities, read_desktop
from app.hotkeys.compositor_lines import Compositor
from tests.helpers.bus_service import WATCHER, Answers, bus_program, icon_host
from tests.helpers.waiting import DEADLINE_S
from tests.helpers.wayland_desktop import WaylandDesktop, running_labwc, running_sway, running_weston


async def test_reading_learns_what_sway_offers_and_what_is_on_its_bus(tmp_path: Path) -> None:
    with running_sway(tmp_path) as desktop:
        environment = desktop.environment
        bare = await read_desktop("linux", environment)
        portal: Answers = {"Get": lambda call: ("v", (Variant("u", 2),))}
        address = environment["DBUS_SESSION_BUS_ADDRESS"]
        with (
            bus_program(address, "org.freedesktop.portal.Desktop", portal),
            bus_program(address, WATCHER, icon_host()),
        ):
            full = await read_desktop("linux", environment)
    assert bare.configuration == str(tmp_path / "sway.conf")
    assert bare.compositor is Compositor.SWAY and "zwlr_layer_shell_v1" in bare.offers
    assert (bare.tray, bare.portals) == (False, {})
    assert full.tray and full.portals == {"GlobalShortcuts": 2, "RemoteDesktop": 2, "Clipboard": 2}
    assert "org.freedesktop.portal.Desktop" in full.programs
    assert {one.ability: one.means for one in abilities(full)}[Ability.INSERTION] == "data-control"


@pytest.mark.parametrize(
    ("running", "insertion", "overlay"),
    [
        (running_labwc, "data-control", "layer-shell"),
        pytest.param(running_weston, "", "", marks=pytest.mark.proof(minutes=1)),
    ],
)
async def test_abilities_agree_with_real_compositors(
    running: Callable[[Path], AbstractContextManager[WaylandDesktop]],
    insertion: str,
    overlay: str,
    tmp_path: Path,
) -> None:
    with running(tmp_path) as desktop:
        found = await read_desktop("linux", {**desktop.environment, "DISPLAY": ""})
    means = {one.ability: one.means for one in abilities(found)}
    assert (means[Ability.INSERTION], means[Ability.OVERLAY]) == (insertion, overlay)


async def test_reading_leaves_out_silent_services(tmp_path: Path) -> None:
    with running_sway(tmp_path) as desktop:
        address = desktop.environment["DBUS_SESSION_BUS_ADDRESS"]
        with bus_program(address, "org.freedesktop.portal.Desktop", {}):
            found = await read_desktop("linux", desktop.environment, deadline_s=0.0)
    assert (found.session, found.portals) == (DesktopSession.WAYLAND, {})


@pytest.mark.parametrize(
    ("environment", "session"), [({"WAYLAND_DISPLAY": "none"}, DesktopSession.WAYLAND), ({}, DesktopSession.NONE)]
)
async def test_reading_finds_nothing_without_compositor_and_bus(
    environment: dict[str, str], session: DesktopSession
) -> None:
    found = await read_desktop("linux", environment)
    assert (found.session, found.offers, found.programs, found.tray) == (session, {}, frozenset(), None)


def test_app_is_imported_without_modules_of_linux() -> None:
    """Windows and macOS lack these libraries, and Windows lacks these names."""
    code = """
import asyncio, multiprocessing, os, signal, socket, subprocess, sys
import aiohttp, psutil, uvloop
sys.modules |= dict.fromkeys(("dbus_fast", "Xlib"))  # importing them fails now
del signal.SIGKILL, signal.SIGHUP, os.memfd_create, os.geteuid, os.fork, socket.recv_fds, socket.SCM_RIGHTS
import app.main, app.windows, app.application, app.cli.main, app.diagnostics.checks.all_checks
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=DEADLINE_S)
    assert done.returncode == 0, done.stderr
