"""The keymap of the user's keyboard on a real compositor."""

import pytest

from app.insertion.wayland.keymap import codes_of
from app.insertion.wayland.user_keymap import UserKeymap
from app.wayland.errors import CompositorMissing
from tests.helpers.waiting import wait_until
from tests.helpers.wayland_desktop import WaylandDesktop


async def test_keymap_follows_the_keyboard(sway: WaylandDesktop) -> None:
    sway.layout("us")
    keymap = await UserKeymap.open(sway.environment)
    assert codes_of(keymap.text, "v") == {47}
    sway.layout("us(dvorak)")
    sway.tap("Home")  # its keyboard is the seat's present one
    await wait_until(lambda: codes_of(keymap.text, "v") == {52}, "the other layout is noticed")
    sway.layout("us")
    await keymap.close()
    await keymap.close()


async def test_keymap_needs_a_compositor() -> None:
    with pytest.raises(CompositorMissing):
        await UserKeymap.open({})
