"""Hotkeys: free, taken by another program on a real X server, taken by the app itself, and unavailable."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from app.diagnostics.checks.desktop import hotkeys
from app.hotkeys.choose import NO_DISPLAY, NOT_INSTALLED, WAYLAND, HotkeyChoice, choose
from app.hotkeys.errors import HotkeysForbidden, HotkeysMissing, HotkeysUnavailable
from app.hotkeys.events import Hotkeys
from app.hotkeys.x11 import X11Hotkeys
from app.settings.sections import HotkeysSection
from tests.app.diagnostics.checks.found import keys
from tests.helpers.desktop import Desktop, running_desktop
from tests.helpers.desktop_portal import DesktopPortal
from tests.helpers.message_bus import running_bus

BINDINGS = HotkeysSection().bindings


class Refusing(Hotkeys):
    """Hotkeys of a desktop that refuses them."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def __aenter__(self) -> "Refusing":
        raise self._error

    async def __aexit__(self, *_: object) -> None:
        return None


async def runs() -> bool:
    return True


async def does_not_run() -> bool:
    return False


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    with running_desktop(tmp_path_factory.mktemp("screen"), tray=False) as desktop:
        yield desktop


def on(screen: Desktop) -> HotkeyChoice:
    return choose("linux", {"DISPLAY": screen.display})


async def found(screen: Desktop, bindings: Mapping[str, str] = BINDINGS) -> list[str]:
    return keys(await hotkeys(bindings, lambda: on(screen), does_not_run))


async def test_hotkeys_stay_free_after_check(screen: Desktop) -> None:
    assert await found(screen) == ["ok hotkeys-free"]
    assert await found(screen) == ["ok hotkeys-free"]


async def test_hotkey_check_notices_key_of_other_program(screen: Desktop) -> None:
    async with X11Hotkeys(screen.display) as other:
        await other.bind({"theirs": BINDINGS["dictate"]})
        assert await found(screen) == ["problem hotkey-taken", "ok hotkeys-free"]
        ours = await hotkeys(BINDINGS, lambda: on(screen), runs)
        assert keys(ours) == ["ok hotkeys-ours", "ok hotkeys-free"]
    assert await found(screen) == ["ok hotkeys-free"]


async def test_hotkey_check_gives_advice_when_none_is_chosen(screen: Desktop) -> None:
    assert await found(screen, {"dictate": "", "cancel": ""}) == ["advice hotkeys-none"]


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (WAYLAND, []),
        (NOT_INSTALLED, ["advice hotkeys-not-installed"]),
        (NO_DISPLAY, []),
    ],
)
async def test_hotkey_check_explains_platform_without_hotkeys(reason: str, told: list[str]) -> None:
    assert keys(await hotkeys(BINDINGS, lambda: HotkeyChoice(Hotkeys(), reason), does_not_run)) == told


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (HotkeysUnavailable("gone"), ["problem hotkeys-unavailable"]),
        (HotkeysForbidden("ask"), ["problem hotkeys-forbidden"]),
        (HotkeysMissing(), []),  # the check of the session reports it
    ],
)
async def test_hotkey_check_reports_refusal_of_desktop(error: Exception, told: list[str]) -> None:
    assert keys(await hotkeys(BINDINGS, lambda: HotkeyChoice(Refusing(error)), does_not_run)) == told


async def test_hotkey_check_asks_no_portal_for_keys(tmp_path: Path) -> None:
    with running_bus(tmp_path) as bus:
        async with await DesktopPortal.start(bus.address, {"GlobalShortcuts": 1}) as desktop:
            environment = {"WAYLAND_DISPLAY": "wayland-0", "DBUS_SESSION_BUS_ADDRESS": bus.address}
            found = await hotkeys(BINDINGS, lambda: choose("linux", environment), does_not_run)
            assert keys(found) == ["ok hotkeys-portal"] and not desktop.sessions
