"""Keys through the portal: exact, never stuck, and never pressed twice."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from app.insertion.errors import InsertionUnavailable, PermissionMissing, SessionMissing
from app.insertion.plan import ORDINARY, SHIFT_INSERT, TERMINAL, PasteKeys
from app.insertion.portal.keyboard import PortalKeyboard
from app.insertion.portal.session import RemoteSession
from tests.app.insertion.portal.conftest import KEY, START, RemoteDesktop
from tests.helpers.desktop_portal import CANCELLED

Opener = Callable[..., RemoteSession]
CONTROL, SHIFT, V, INSERT = 29, 42, 47, 110
FAILED = "org.freedesktop.portal.Error.Failed"


@dataclass
class Keymap:
    """A keymap that a test chose."""

    text: str

    async def close(self) -> None:
        """End nothing: there is no connection."""


def tapped(*codes: int) -> list[tuple[int, int]]:
    """Return keys that are pressed together and released."""
    return [*((code, 1) for code in codes), *((code, 0) for code in reversed(codes))]


@pytest.mark.parametrize(
    ("keys", "codes"),
    [(ORDINARY, (CONTROL, V)), (TERMINAL, (CONTROL, SHIFT, V)), (SHIFT_INSERT, (SHIFT, INSERT))],
)
async def test_keys_are_pressed_and_released(
    opener: Opener, desktop: RemoteDesktop, keys: PasteKeys, codes: tuple[int, ...]
) -> None:
    keyboard = PortalKeyboard(opener())
    await keyboard.press(keys)
    assert desktop.keys == tapped(*codes)
    await keyboard.close()
    assert desktop.portal.calls_of("Session.Close")


async def test_keys_of_the_layout_are_pressed(opener: Opener, desktop: RemoteDesktop) -> None:
    keymap = """<AB04> = 60; <CAPS> = 66; <LFSH> = 50; <INS> = 118;
    key <AB04> { [ v, V ] }; key <CAPS> { [ Control_L ] }; key <LFSH> { [ Shift_L ] }; key <INS> { [ Insert ] };"""
    await PortalKeyboard(opener(), Keymap(keymap)).press(ORDINARY)
    assert desktop.keys == tapped(58, 52)


async def test_layouts_that_differ_press_nothing(opener: Opener, desktop: RemoteDesktop) -> None:
    keymap = """<AB04> = 55; <AB09> = 60;
    key <AB04> { symbols[1]= [ v, V ], symbols[2]= [ k, K ] };
    key <AB09> { symbols[1]= [ period ], symbols[2]= [ v, V ] };"""
    with pytest.raises(InsertionUnavailable, match="layouts differ"):
        await PortalKeyboard(opener(), Keymap(keymap)).press(ORDINARY)
    assert not desktop.keys and not desktop.portal.calls_of(START)


async def test_denied_keyboard_presses_nothing(opener: Opener, desktop: RemoteDesktop) -> None:
    desktop.portal.answers[START] = (CANCELLED, {})
    with pytest.raises(PermissionMissing):
        await PortalKeyboard(opener()).press(ORDINARY)
    assert not desktop.keys


async def test_session_revoked_before_the_key_presses_nothing(opener: Opener, desktop: RemoteDesktop) -> None:
    session = opener()
    await session.open_session()
    desktop.portal.errors[KEY] = FAILED
    with pytest.raises(SessionMissing):
        await PortalKeyboard(session).press(ORDINARY)
    assert desktop.keys == [(CONTROL, 1), (CONTROL, 0)] and not session.is_open


@pytest.mark.parametrize("state", [1, 0])
async def test_session_revoked_at_the_key_leaves_nothing_pressed_and_presses_nothing_again(
    opener: Opener, desktop: RemoteDesktop, state: int
) -> None:
    session = opener()

    def key(values: tuple[object, ...]) -> tuple[str, list[object], list[int]]:
        if values[2:] == (V, state):
            desktop.portal.errors[KEY] = FAILED  # from now on
            del desktop.portal.replies[KEY]
        return "", [], []

    desktop.portal.replies[KEY] = key
    await PortalKeyboard(session).press(TERMINAL)  # the reader of the clipboard tells whether it arrived
    assert desktop.keys.count((V, 1)) == 1
    assert dict(desktop.keys) == {CONTROL: 0, SHIFT: 0, V: 0} and not session.is_open


async def test_closed_session_ends_a_press_without_a_second_one(opener: Opener, desktop: RemoteDesktop) -> None:
    session = opener()

    def key(values: tuple[object, ...]) -> tuple[str, list[object], list[int]]:
        if values[2:] == (V, 1):
            desktop.ending = desktop.portal.end_session()
        return "", [], []

    desktop.portal.replies[KEY] = key
    await PortalKeyboard(session).press(ORDINARY)
    await desktop.ending
    assert desktop.keys.count((V, 1)) == 1
