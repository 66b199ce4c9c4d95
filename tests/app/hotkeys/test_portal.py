"""Hotkeys through a desktop portal on a real message bus."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from app.bus.errors import BusSilent
from app.bus.portal import Portal, variants
from app.core.errors import Note
from app.hotkeys.choose import choose
from app.hotkeys.errors import (
    HotkeysDenied,
    HotkeysLost,
    HotkeysMissing,
    HotkeysUnavailable,
    HotkeyTaken,
    HotkeyUnassigned,
)
from app.hotkeys.events import AssignedHotkeys, KeyEvent
from app.hotkeys.portal import INTERFACE, PortalHotkeys
from app.system.autostart import launcher
from tests.helpers.desktop_portal import CANCELLED, GRANTED, REFUSED, SILENT, DesktopPortal
from tests.helpers.kde_portal import start_kde_portal
from tests.helpers.kwin_desktop import TRUSTING, KWinKeys, running_kwin
from tests.helpers.message_bus import running_bus
from tests.helpers.waiting import wait_until
from tests.helpers.wayland_desktop import WaylandDesktop

KEYS = {"dictate": "f9", "paste-held": "ctrl+alt+v"}
IDS = {"dictate": "dictate.f9", "paste-held": "paste-held.ctrl+alt+v"}
NAMED = {"dictate": "F9", "paste-held": "Ctrl+Alt+V"}
BIND, LIST = f"{INTERFACE}.BindShortcuts", f"{INTERFACE}.ListShortcuts"


def listed(keys: dict[str, str]) -> list[list[object]]:
    """Return shortcuts by action as a portal lists them."""
    return [
        [IDS.get(action, action), variants({"trigger_description": ("s", key)})] for action, key in keys.items()
    ]


def bound(keys: dict[str, str]) -> tuple[int, dict[str, tuple[str, object]]]:
    """Return the answer of a portal that binds keys."""
    return GRANTED, {"shortcuts": ("a(sa{sv})", listed(keys))}


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Return the address of a message bus."""
    with running_bus(tmp_path) as bus:
        yield bus.address


@pytest.fixture
async def desktop(address: str) -> AsyncIterator[DesktopPortal]:
    """Return a portal that binds our keys."""
    async with await DesktopPortal.start(address, {INTERFACE: 1}) as desktop:
        desktop.answers[BIND] = bound(NAMED)
        yield desktop


@pytest.fixture
async def hotkeys(address: str, desktop: DesktopPortal) -> AsyncIterator[PortalHotkeys]:
    """Return the hotkeys of the portal; its dialogs may stay open for half a second."""
    opener = partial(Portal.open, {"DBUS_SESSION_BUS_ADDRESS": address})
    async with PortalHotkeys(opener, ask_s=0.5) as hotkeys:
        yield hotkeys


async def key(desktop: DesktopPortal, action: str, *members: str, session: str = "") -> None:
    """Send signals about the key of an action."""
    for member in members:
        at = session or desktop.sessions[-1]
        await desktop.emit(INTERFACE, member, "osta{sv}", at, IDS.get(action, action), 0, {})


async def next_event(hotkeys: PortalHotkeys) -> tuple[str, bool]:
    """Return action and state of the next event."""
    event: KeyEvent = await anext(aiter(hotkeys.events()))
    return event.action, event.pressed


async def test_held_key_is_one_press_and_one_release(hotkeys: PortalHotkeys, desktop: DesktopPortal) -> None:
    assert isinstance(hotkeys, AssignedHotkeys)
    await hotkeys.bind(KEYS)
    await key(desktop, "dictate", "Activated", "Activated", "Activated")
    assert await next_event(hotkeys) == ("dictate", True)
    assert await hotkeys.is_down("dictate") and not await hotkeys.is_down("cancel")
    await key(desktop, "dictate", "Deactivated", "Deactivated")
    await key(desktop, "paste-held", "Activated")
    assert await next_event(hotkeys) == ("dictate", False)
    assert await next_event(hotkeys) == ("paste-held", True)
    await hotkeys.pass_on("dictate")
    await hotkeys.renew()


async def test_held_key_that_counts_as_released_is_no_new_press_when_repeated(
    hotkeys: PortalHotkeys, desktop: DesktopPortal
) -> None:
    await hotkeys.bind(KEYS)
    await key(desktop, "dictate", "Activated")
    assert await next_event(hotkeys) == ("dictate", True)
    hotkeys.assume_released("dictate")
    assert await next_event(hotkeys) == ("dictate", False)
    await key(desktop, "dictate", "Activated", "Deactivated", "Activated")
    assert await next_event(hotkeys) == ("dictate", True)
    hotkeys.assume_released("dictate")
    await key(desktop, "dictate", "Deactivated")
    await key(desktop, "paste-held", "Activated")
    assert await next_event(hotkeys) == ("dictate", False)
    assert await next_event(hotkeys) == ("paste-held", True), "the repetition is no new press"


async def test_all_keys_are_asked_for_once_with_their_triggers(
    hotkeys: PortalHotkeys, desktop: DesktopPortal
) -> None:
    hotkeys.reserve({**KEYS, "cancel": "esc", "other": ""})
    desktop.answers[BIND] = bound({**NAMED, "cancel.shift+f9": "Shift+F9"})
    for keys in (KEYS, {**KEYS, "cancel": "esc"}, {}, KEYS):
        await hotkeys.bind(keys)
    (call,) = desktop.calls_of(BIND)
    triggers = {name: about["preferred_trigger"].value for name, about in call.values[1]}
    assert triggers == {IDS["dictate"]: "F9", IDS["paste-held"]: "CTRL+ALT+v", "cancel.shift+f9": "SHIFT+F9"}
    assert hotkeys.assigned == {**KEYS, "cancel": "shift+f9"}


@pytest.mark.parametrize(
    ("language", "name"), [("zh_CN.UTF-8", "听写"), ("en_US.UTF-8", "Dictate"), ("", "Dictate")]
)
async def test_desktop_names_the_actions_in_its_language(
    address: str, desktop: DesktopPortal, language: str, name: str
) -> None:
    own = {"WAYLAND_DISPLAY": "wayland-0", "DBUS_SESSION_BUS_ADDRESS": address, "LANG": language}
    async with choose("linux", own).hotkeys as hotkeys:
        await hotkeys.bind(KEYS)
    (call,) = desktop.calls_of(BIND)
    assert call.values[1][0][1]["description"].value == name


async def test_key_that_is_not_wanted_now_is_ignored(hotkeys: PortalHotkeys, desktop: DesktopPortal) -> None:
    hotkeys.reserve(KEYS)
    await hotkeys.bind({"dictate": "f9"})
    await key(desktop, "paste-held", "Activated")
    await key(desktop, "dictate", "Activated", session="/of/another")
    await key(desktop, "dictate", "Activated")
    assert await next_event(hotkeys) == ("dictate", True)
    await hotkeys.bind({})
    assert await next_event(hotkeys) == ("dictate", False)


async def test_keys_of_an_earlier_start_are_not_asked_for_again(
    hotkeys: PortalHotkeys, desktop: DesktopPortal
) -> None:
    desktop.answers[LIST] = bound(NAMED)
    await hotkeys.bind(KEYS)
    assert not desktop.calls_of(BIND) and hotkeys.assigned == KEYS


async def test_key_that_the_desktop_chose_is_shown(hotkeys: PortalHotkeys, desktop: DesktopPortal) -> None:
    changes = list[dict[str, str]]()
    hotkeys.changed = lambda: changes.append(dict(hotkeys.assigned))
    desktop.answers[BIND] = bound({**NAMED, "dictate": "Meta+F9"})
    await hotkeys.bind(KEYS)
    session = desktop.sessions[-1]
    await desktop.emit(
        INTERFACE, "ShortcutsChanged", "oa(sa{sv})", session, listed({**NAMED, "dictate": "Launch"})
    )
    await wait_until(lambda: len(changes) == 2, "the change is noticed")
    assert [change["dictate"] for change in changes] == ["super+f9", "Launch"]


async def test_other_keys_replace_the_session(hotkeys: PortalHotkeys, desktop: DesktopPortal) -> None:
    await hotkeys.bind(KEYS)
    desktop.answers[BIND] = bound({"dictate.f8": "F8"})
    await hotkeys.bind({"dictate": "f8"})
    assert len(desktop.calls_of(BIND)) == 2 and len(desktop.calls_of("Session.Close")) == 1
    await key(desktop, "dictate.f8", "Activated")
    assert await next_event(hotkeys) == ("dictate", True)
    await hotkeys.bind({})
    assert len(desktop.calls_of("Session.Close")) == 2 and not hotkeys.assigned


async def test_key_that_is_held_while_it_is_changed_counts_as_released(
    hotkeys: PortalHotkeys, desktop: DesktopPortal
) -> None:
    await hotkeys.bind(KEYS)
    await key(desktop, "dictate", "Activated")
    assert await next_event(hotkeys) == ("dictate", True)
    desktop.answers[BIND] = bound({"dictate.f8": "F8"})
    await hotkeys.bind({"dictate": "f8"})
    assert await next_event(hotkeys) == ("dictate", False)
    await key(desktop, "dictate.f8", "Activated")
    assert await next_event(hotkeys) == ("dictate", True)


async def test_refusal_counts_as_success_when_the_desktop_names_the_keys(
    hotkeys: PortalHotkeys, desktop: DesktopPortal
) -> None:
    desktop.answers[BIND] = (REFUSED, {})
    binding = asyncio.ensure_future(hotkeys.bind(KEYS))
    await wait_until(lambda: bool(desktop.calls_of(BIND)), "the keys are asked for")
    await desktop.emit(INTERFACE, "ShortcutsChanged", "oa(sa{sv})", desktop.sessions[-1], listed(NAMED))
    await binding
    assert hotkeys.assigned == KEYS


@pytest.mark.parametrize("answer", [CANCELLED, REFUSED, SILENT])
async def test_denied_keys_are_not_asked_for_again_until_they_change(
    hotkeys: PortalHotkeys, desktop: DesktopPortal, answer: int
) -> None:
    desktop.answers[BIND] = (answer, {})
    for _ in range(2):
        with pytest.raises(HotkeysDenied):
            await hotkeys.bind(KEYS)
    assert len(desktop.calls_of(BIND)) == len(desktop.calls_of("Session.Close")) == 1
    desktop.answers[BIND] = bound({"dictate.f8": "F8"})
    await hotkeys.bind({"dictate": "f8"})
    assert hotkeys.assigned == {"dictate": "f8"}


async def test_action_without_a_key_is_reported(hotkeys: PortalHotkeys, desktop: DesktopPortal) -> None:
    desktop.answers[BIND] = bound({**NAMED, "dictate": ""})
    with pytest.raises(HotkeyUnassigned) as error:
        await hotkeys.bind(KEYS)
    assert (error.value.action, error.value.note) == ("dictate", Note("hotkey-unassigned", {"binding": "f9"}))
    desktop.answers[BIND] = bound(NAMED)
    with pytest.raises(HotkeyTaken, match="another action"):
        await hotkeys.bind({"dictate": "f9", "paste-held": "f9"})


async def test_desktop_that_names_no_key_leaves_them_to_the_user(
    hotkeys: PortalHotkeys, desktop: DesktopPortal
) -> None:
    desktop.answers[BIND] = bound(dict.fromkeys(NAMED, ""))
    with pytest.raises(HotkeysMissing):
        await hotkeys.bind(KEYS)
    await key(desktop, "dictate", "Activated")
    assert await next_event(hotkeys) == ("dictate", True)


async def test_lost_portal_releases_the_key_and_is_used_again_when_it_is_back(
    hotkeys: PortalHotkeys, desktop: DesktopPortal, address: str
) -> None:
    await hotkeys.bind(KEYS)
    await key(desktop, "dictate", "Activated")
    assert await next_event(hotkeys) == ("dictate", True)
    await desktop.stop()
    assert await next_event(hotkeys) == ("dictate", False)
    with pytest.raises(HotkeysLost):
        await next_event(hotkeys)
    with pytest.raises(HotkeysUnavailable):
        await hotkeys.bind(KEYS)
    async with await DesktopPortal.start(address, {INTERFACE: 1}) as again:
        again.answers[LIST] = bound(NAMED)
        await hotkeys.bind(KEYS)
        await key(again, "dictate", "Activated")
        assert await next_event(hotkeys) == ("dictate", True)
        await again.end_session()
        assert await next_event(hotkeys) == ("dictate", False)
        with pytest.raises(HotkeysLost):
            await next_event(hotkeys)


@pytest.mark.parametrize("versions", [{}, {"Screenshot": 1}])
async def test_desktop_without_the_interface_has_no_hotkeys(address: str, versions: dict[str, int]) -> None:
    opener = partial(Portal.open, {"DBUS_SESSION_BUS_ADDRESS": address})
    async with await DesktopPortal.start(address, versions):
        with pytest.raises(HotkeysMissing) as error:
            async with PortalHotkeys(opener):
                pass
    assert error.value.note == Note("hotkeys-wayland")


async def test_connection_to_a_silent_portal_is_closed(
    address: str, desktop: DesktopPortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bus limits the connections of a user, and keys are bound again and again."""
    opened = list[Portal]()

    async def opener() -> Portal:
        opened.append(await Portal.open({"DBUS_SESSION_BUS_ADDRESS": address}))
        return opened[-1]

    async def silent(portal: Portal, interface: str) -> int:
        raise BusSilent("on purpose")

    monkeypatch.setattr(Portal, "version", silent)
    with pytest.raises(HotkeysMissing):
        async with PortalHotkeys(opener):
            pass
    assert opened[0].bus.gone.is_set()


async def test_desktop_without_a_portal_or_a_bus_has_no_hotkeys(address: str) -> None:
    for environment in ({"DBUS_SESSION_BUS_ADDRESS": address}, {}):
        with pytest.raises(HotkeysMissing):
            async with PortalHotkeys(partial(Portal.open, environment)):
                pass


async def _bound_by(screen: WaylandDesktop, wanted: dict[str, str]) -> PortalHotkeys:
    """Start an app that binds these keys on a real desktop."""
    hotkeys = await PortalHotkeys(partial(Portal.open, screen.environment)).__aenter__()
    hotkeys.reserve(wanted)
    await hotkeys.bind(wanted)
    return hotkeys


async def _hold_and_cancel(hotkeys: PortalHotkeys, keys: KWinKeys) -> None:
    assert hotkeys.assigned == {"dictate": "f9", "cancel": "shift+f9", "paste-held": "ctrl+alt+v"}
    await keys.press("F9")
    assert await next_event(hotkeys) == ("dictate", True)
    await asyncio.sleep(1)  # KDE repeats a held key every 40 ms; no event of it may arrive
    await keys.release("F9")
    assert await next_event(hotkeys) == ("dictate", False)
    await keys.press("shift", "F9")
    assert await next_event(hotkeys) == ("cancel", True)
    await keys.release("F9", "shift")
    assert await next_event(hotkeys) == ("cancel", False)


@pytest.mark.proof(minutes=1)
async def test_real_kde_holds_keys_through_restarts_and_kills_without_a_dialog(
    tmp_path: Path, address: str
) -> None:
    launcher({"HOME": str(tmp_path)}, "/bin/true").add()
    own = {"XDG_DATA_HOME": str(tmp_path / ".local" / "share"), "DBUS_SESSION_BUS_ADDRESS": address}
    wanted = {"dictate": "right_ctrl", "cancel": "esc", "paste-held": "ctrl+alt+v"}
    with running_kwin(tmp_path, {**own, **TRUSTING}) as screen:
        portal = await start_kde_portal(screen, address)
        keys = await KWinKeys.open(screen.environment)
        first = await _bound_by(screen, wanted)
        await _hold_and_cancel(first, keys)
        await first.__aexit__(None, None, None)
        hotkeys = await _bound_by(screen, wanted)  # the app was started again
        await _hold_and_cancel(hotkeys, keys)
        await keys.press("F9")
        assert await next_event(hotkeys) == ("dictate", True)
        portal.kill()
        assert await next_event(hotkeys) == ("dictate", False)
        with pytest.raises(HotkeysLost):
            await next_event(hotkeys)
        await keys.release("F9")
        screen.start("/usr/libexec/xdg-desktop-portal", XDG_CURRENT_DESKTOP="KDE")

        async def bound_again() -> bool:
            with suppress(HotkeysUnavailable):
                await hotkeys.bind(wanted)
                return True
            return False

        await wait_until(bound_again, "the portal is back")
        await _hold_and_cancel(hotkeys, keys)
        await hotkeys.bind({**wanted, "dictate": "f8"})
        assert hotkeys.assigned["dictate"] == "f8"
        await keys.press("F8")
        assert await next_event(hotkeys) == ("dictate", True)
        await keys.release("F8")
        assert await next_event(hotkeys) == ("dictate", False)
        await hotkeys.__aexit__(None, None, None)
        await keys.close()
