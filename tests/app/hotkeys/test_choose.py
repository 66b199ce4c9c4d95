import asyncio

import pytest

from app.hotkeys.choose import NO_DISPLAY, NOT_INSTALLED, WAYLAND, choose
from app.hotkeys.errors import HotkeysMissing, HotkeyUnknown
from app.hotkeys.events import Hotkeys


@pytest.mark.parametrize(
    ("platform", "environment", "reason"),
    [
        ("linux", {}, NO_DISPLAY),
        ("linux", {"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, WAYLAND),
        ("linux", {"DISPLAY": ":0", "XDG_SESSION_TYPE": "wayland"}, WAYLAND),
    ],
)
async def test_choice_gives_the_reason_for_no_hotkeys(
    platform: str, environment: dict[str, str], reason: str
) -> None:
    choice = choose(platform, environment)
    assert choice.reason == reason and type(choice.hotkeys) is Hotkeys


@pytest.mark.skipif("sys.platform != 'linux'", reason="needs Linux: python-xlib")
async def test_x11_hotkeys_are_chosen_on_x11() -> None:
    from app.hotkeys.x11 import X11Hotkeys

    choice = choose("linux", {"DISPLAY": ":0", "XDG_SESSION_TYPE": "x11"})
    assert isinstance(choice.hotkeys, X11Hotkeys) and not choice.reason


@pytest.mark.skipif("sys.platform != 'linux'", reason="needs Linux: no pynput")
async def test_choice_reports_a_missing_library() -> None:
    assert choose("darwin", {}).reason == NOT_INSTALLED


async def test_no_hotkeys_accept_bindings_and_give_no_events() -> None:
    async with Hotkeys() as hotkeys:
        await hotkeys.bind({"dictate": "f9", "cancel": ""})
        with pytest.raises(HotkeyUnknown):
            await hotkeys.bind({"dictate": "f99"})
        await hotkeys.pass_on("dictate")
        assert not await hotkeys.is_down("dictate")
    async with asyncio.timeout(30):
        assert [event async for event in hotkeys.events()] == []


async def test_portal_is_chosen_on_wayland_with_a_bus() -> None:
    from app.hotkeys.portal import PortalHotkeys

    choice = choose("linux", {"WAYLAND_DISPLAY": "wayland-0", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"})
    assert isinstance(choice.hotkeys, PortalHotkeys) and not choice.reason
    with pytest.raises(HotkeysMissing):
        await choice.hotkeys.__aenter__()
