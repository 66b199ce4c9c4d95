"""Keys of the virtual keyboard beside a user's keyboard on a real compositor, and the user's keymap."""

import pytest

from app.insertion.plan import ORDINARY, SHIFT_INSERT, TERMINAL, PasteKeys
from app.insertion.wayland.keyboard import UserKeymap, VirtualKeyboard
from app.insertion.wayland.keymap import codes_of
from app.wayland.errors import CompositorMissing
from tests.helpers.desktop import TextField
from tests.helpers.waiting import wait_until
from tests.helpers.wayland_desktop import WaylandDesktop


@pytest.mark.parametrize("layout", ["us", "de", "fr", "us(dvorak)", "cn", "ru", "ru+us:2", "us+ru:2"])
async def test_keys_paste_with_every_layout(sway: WaylandDesktop, layout: str) -> None:
    sway.layout(layout)
    sway.copy(b"text ")
    field = TextField(sway, f"with {layout}")
    sway.tap("Home")  # the keyboard of the user is the seat's present one
    keyboard = await VirtualKeyboard.open(sway.environment)
    await keyboard.press(ORDINARY)
    await field.shows("text ")
    await keyboard.press(SHIFT_INSERT)  # Qt pastes by it, too
    await field.shows("text text ")
    await keyboard.press(ORDINARY)
    await field.shows("text text text ")
    sway.layout("us")
    sway.tap("z")
    await field.shows("text text text z")
    await keyboard.close()
    await keyboard.close()


@pytest.mark.parametrize("keys", [TERMINAL, ORDINARY, SHIFT_INSERT])
async def test_no_modifier_stays_pressed(sway: WaylandDesktop, keys: PasteKeys) -> None:
    sway.copy(b" ")
    field = TextField(sway, f"after {keys}")
    keyboard = await VirtualKeyboard.open(sway.environment)
    for _ in range(3):
        await keyboard.press(keys)
        sway.tap("z")
    await wait_until(lambda: field.text.replace(" ", "") == "zzz", "letters are letters")
    await keyboard.close()


async def test_keyboard_needs_a_compositor() -> None:
    with pytest.raises(CompositorMissing):
        await VirtualKeyboard.open({})
    with pytest.raises(CompositorMissing):
        await UserKeymap.open({})


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
