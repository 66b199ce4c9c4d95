"""Hotkeys on a real X server. xdotool presses keys while a text field of another program has the focus."""

import asyncio
import random
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

import pytest

from app.core.errors import Note
from app.hotkeys import x11_keyboard
from app.hotkeys.errors import HotkeyAbsent, HotkeyTaken, HotkeyUnknown
from tests.app.hotkeys.keyboard import Heard, listening, quick_repeats, repeat
from tests.helpers.desktop import Desktop, TextField, running_desktop
from tests.helpers.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: an X server")

DOWN, UP = ("dictate", True), ("dictate", False)
RIGHT_CTRL = "105"  # a keycode: for the symbol Control_R, xdotool would also press the left key


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    with running_desktop(tmp_path_factory.mktemp("screen"), tray=False) as desktop:
        repeat(desktop, "off")  # a busy computer releases keys late
        yield desktop


@pytest.fixture(scope="module")
def only_field(desktop: Desktop) -> TextField:
    return TextField(desktop)


@pytest.fixture
async def field(desktop: Desktop, only_field: TextField) -> TextField:
    """The focused text field, empty and with no key down."""
    only_field.focus()
    desktop.xdotool("key", "ctrl+a", "Delete", "x")
    await only_field.shows("x")
    desktop.xdotool("key", "BackSpace")
    await only_field.shows("")
    return only_field


async def shows_only(desktop: Desktop, field: TextField, text: str) -> None:
    """Type one more letter and check that the field shows only ``text`` before it."""
    await asyncio.to_thread(desktop.xdotool, "key", "z")
    await field.shows(f"{text}z")


@pytest.mark.parametrize(
    ("binding", "key"),
    [("f9", "F9"), ("ctrl+alt+d", "ctrl+alt+d"), ("super+space", "super+space"), ("shift+f9", "shift+F9")],
)
async def test_hotkey_is_reported_and_withheld_from_the_focused_program(
    desktop: Desktop, field: TextField, binding: str, key: str
) -> None:
    async with listening(desktop, dictate=binding) as heard:
        desktop.xdotool("keydown", key)
        await heard.tells(DOWN)
        assert await heard.hotkeys.is_down("dictate")
        assert not await heard.hotkeys.is_down("cancel")
        desktop.xdotool("keyup", key)
        await heard.tells(UP)
        assert not await heard.hotkeys.is_down("dictate")
        await shows_only(desktop, field, "")


async def test_writing_hotkey_is_passed_on_with_its_modifiers(desktop: Desktop, field: TextField) -> None:
    async with listening(desktop, dictate="ctrl+v") as heard:
        desktop.xdotool("type", "a ")
        desktop.xdotool("key", "ctrl+a", "ctrl+c", "End", "ctrl+v")
        await heard.tells(DOWN, UP)
        await heard.hotkeys.pass_on("dictate")
        await field.shows("a a ")
        await shows_only(desktop, field, "a a ")
        assert heard.told == []


@pytest.mark.parametrize("omitting", [True, False])
async def test_held_hotkey_gives_one_press_and_one_release_despite_auto_repeat(
    desktop: Desktop, field: TextField, monkeypatch: pytest.MonkeyPatch, omitting: bool
) -> None:
    """The server omits the releases; where it cannot, the time between release and press tells."""
    monkeypatch.setattr(x11_keyboard, "_REPEATED_MS", -1 if omitting else 1_000)
    if not omitting:
        monkeypatch.setattr(x11_keyboard, "omit_repeated_releases", lambda display: None)
    with quick_repeats(desktop):
        desktop.xdotool("keydown", "w")
        await wait_until(lambda: len(field.text) > 3, "the server repeats keys")
        desktop.xdotool("keyup", "w")
    desktop.xdotool("key", "ctrl+a", "key", "w")
    async with listening(desktop, dictate="ctrl+e") as heard:
        with quick_repeats(desktop):
            desktop.xdotool("keydown", "ctrl", "keydown", "e")
            await heard.tells(DOWN)
            await asyncio.sleep(1)  # give the server time to repeat; no event marks it
            desktop.xdotool("keyup", "e", "keyup", "ctrl")
        await heard.tells(UP)
        await shows_only(desktop, field, "w")


@pytest.mark.parametrize("lock", ["Num_Lock", "Caps_Lock"])
async def test_hotkeys_work_with_num_lock_and_caps_lock(desktop: Desktop, field: TextField, lock: str) -> None:
    desktop.xdotool("key", lock)
    try:
        async with listening(desktop, dictate="f9", cancel="right_ctrl") as heard:
            desktop.xdotool("key", "F9")
            await heard.tells(DOWN, UP)
            desktop.xdotool("key", RIGHT_CTRL)
            await heard.tells(("cancel", True), ("cancel", False))
    finally:
        desktop.xdotool("key", lock)


async def test_key_with_other_modifiers_is_not_the_hotkey(desktop: Desktop, field: TextField) -> None:
    async with listening(desktop, dictate="ctrl+d", cancel="f9") as heard:
        desktop.xdotool("key", "d", "shift+d", "ctrl+shift+F9")
        await field.shows("dD")
        desktop.xdotool("key", "F9")
        await heard.tells(("cancel", True), ("cancel", False))


async def test_hotkey_is_held_when_its_modifiers_are_released_first(desktop: Desktop, field: TextField) -> None:
    async with listening(desktop, dictate="ctrl+alt+d") as heard:
        desktop.xdotool("keydown", "ctrl", "keydown", "alt", "keydown", "d", "keyup", "ctrl", "keyup", "alt")
        await heard.tells(DOWN)
        desktop.xdotool("keyup", "d")
        await heard.tells(UP)
        await shows_only(desktop, field, "")


@pytest.mark.parametrize("held", ["f9", "right_ctrl", "ctrl+alt+d"])
async def test_second_hotkey_works_while_one_is_held(desktop: Desktop, field: TextField, held: str) -> None:
    key = {"f9": "F9", "right_ctrl": RIGHT_CTRL}.get(held, held)
    async with listening(desktop, dictate=held) as heard:
        desktop.xdotool("keydown", key)
        await heard.tells(DOWN)
        await heard.hotkeys.bind({"dictate": held, "cancel": "esc"})
        desktop.xdotool("key", "Escape")
        await heard.tells(("cancel", True), ("cancel", False))
        await heard.hotkeys.bind({"dictate": held})
        desktop.xdotool("keyup", key)
        await heard.tells(UP)
        desktop.xdotool("key", key)
        await heard.tells(DOWN, UP)


# -- lone modifiers ----------------------------------------------------------------------------------------


async def test_lone_modifier_is_a_hotkey_and_its_tap_can_be_passed_on(desktop: Desktop, field: TextField) -> None:
    async with listening(desktop, dictate="right_ctrl") as heard:
        desktop.xdotool("keydown", RIGHT_CTRL)
        await heard.tells(DOWN)
        desktop.xdotool("keyup", RIGHT_CTRL)
        await heard.tells(UP)
        await heard.hotkeys.pass_on("dictate")
        await shows_only(desktop, field, "")
        assert heard.told == []


async def test_combination_with_a_lone_modifier_reaches_the_program(desktop: Desktop, field: TextField) -> None:
    """Users abandon similar apps because Right Ctrl+C no longer works."""
    async with listening(desktop, dictate="right_ctrl") as heard:
        desktop.xdotool("type", "ab")
        desktop.xdotool("keydown", RIGHT_CTRL, "key", "a", "key", "c", "keyup", RIGHT_CTRL)
        await wait_until(lambda: len(heard.events) >= 2, "press and release are told")
        assert heard.told == [DOWN, UP] and heard.events[1].chord
        heard.events.clear()
        desktop.xdotool("key", "End", "key", "ctrl+v")
        await field.shows("abab")
        desktop.xdotool("keydown", RIGHT_CTRL)
        await heard.tells(DOWN)
        desktop.xdotool("keyup", RIGHT_CTRL)
        await heard.tells(UP)


async def test_key_pressed_late_in_a_hold_is_withheld(desktop: Desktop, field: TextField) -> None:
    async with listening(desktop, dictate="right_ctrl") as heard:
        desktop.xdotool("keydown", RIGHT_CTRL)
        await heard.tells(DOWN)
        await asyncio.sleep(1.1)  # longer than ``CHORD_S``
        desktop.xdotool("key", "q")
        desktop.xdotool("keyup", RIGHT_CTRL)
        await heard.tells(UP)
        await shows_only(desktop, field, "")


# -- passing on --------------------------------------------------------------------------------------------


async def test_tap_is_passed_on_only_after_held_hotkeys_are_released(desktop: Desktop, field: TextField) -> None:
    async with listening(desktop, dictate="ctrl+k", cancel="f9") as heard:
        desktop.xdotool("type", "one")
        await field.shows("one")
        desktop.xdotool("key", "Home", "keydown", "F9")
        await heard.tells(("cancel", True))
        await heard.hotkeys.pass_on("dictate")  # Ctrl+K deletes to the end of the line
        assert field.text == "one"
        desktop.xdotool("keyup", "F9")
        await field.shows("")


async def test_pass_on_has_no_effect_for_an_action_without_a_key(desktop: Desktop, field: TextField) -> None:
    async with listening(desktop, dictate="") as heard:
        await heard.hotkeys.pass_on("dictate")
        assert not await heard.hotkeys.is_down("dictate")
        await shows_only(desktop, field, "")


# -- binding -----------------------------------------------------------------------------------------------


async def test_bind_fails_for_a_key_of_another_program(desktop: Desktop, field: TextField) -> None:
    async with listening(desktop, dictate="f9"), listening(desktop, dictate="f8") as heard:
        with pytest.raises(HotkeyTaken, match="'f9' is already used by another program: choose another") as error:
            await heard.hotkeys.bind({"cancel": "f7", "dictate": "f9"})
        assert (error.value.action, error.value.note) == ("dictate", Note("hotkey-taken", {"binding": "f9"}))
        desktop.xdotool("key", "F7", "F8")
        await heard.tells(DOWN, UP)


async def test_unbound_keys_are_released(desktop: Desktop, field: TextField) -> None:
    async with listening(desktop, dictate="ctrl+e"):
        pass
    async with listening(desktop, dictate="ctrl+e") as heard:
        await heard.hotkeys.bind({"dictate": "ctrl+d"})
        async with listening(desktop, cancel="ctrl+e") as other:
            desktop.xdotool("key", "ctrl+e", "ctrl+d")
            await heard.tells(DOWN, UP)
            await other.tells(("cancel", True), ("cancel", False))


async def test_held_key_stays_down_while_its_action_gets_another_key(desktop: Desktop, field: TextField) -> None:
    async with listening(desktop, dictate="f9") as heard:
        desktop.xdotool("keydown", "F9")
        await heard.tells(DOWN)
        await heard.hotkeys.bind({"dictate": "f8"})
        assert await heard.hotkeys.is_down("dictate")
        desktop.xdotool("keyup", "F9")
        await heard.tells(UP)
        assert not await heard.hotkeys.is_down("dictate")
        desktop.xdotool("key", "F8")
        await heard.tells(DOWN, UP)


async def test_killed_process_releases_its_keys(desktop: Desktop, field: TextField) -> None:
    code = (
        "import asyncio, pathlib, sys\n"
        "from app.hotkeys.x11 import X11Hotkeys\n"
        "async def main():\n"
        "    async with X11Hotkeys() as hotkeys:\n"
        "        await hotkeys.bind({'dictate': 'f9'})\n"
        "        pathlib.Path(sys.argv[1]).touch()\n"
        "        await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    place = desktop.folder / "bound"
    process = desktop.start(sys.executable, "-c", code, str(place))
    await wait_until(place.exists, "the other process has the key")  # before this process tries
    async with listening(desktop) as heard:

        async def free() -> bool:
            with suppress(HotkeyTaken):
                await heard.hotkeys.bind({"dictate": "f9"})
                return True
            return False

        assert not await free()
        process.kill()
        process.wait(30)
        await wait_until(free, "the key is free")


async def test_invalid_bindings_leave_the_old_ones_in_effect(desktop: Desktop, field: TextField) -> None:
    async with listening(desktop, dictate="f9") as heard:
        for wrong in ("hyper+x", "f99", "d", "ctrl", "f20"):
            with pytest.raises(HotkeyUnknown):
                await heard.hotkeys.bind({"dictate": wrong})
        with pytest.raises(HotkeyTaken, match="already used by 'dictate'"):
            await heard.hotkeys.bind({"dictate": "f8", "cancel": "F8"})
        desktop.xdotool("key", "F9")
        await heard.tells(DOWN, UP)


# -- problems ----------------------------------------------------------------------------------------------


async def test_hotkey_follows_a_change_of_the_keyboard_layout(desktop: Desktop, field: TextField) -> None:
    try:
        async with listening(desktop, dictate="ctrl+w") as heard:
            desktop.start("setxkbmap", "fr").wait(30)

            async def works() -> bool:
                desktop.xdotool("key", "ctrl+w")  # on the key that is z in the layout us
                return len(heard.events) >= 2

            await wait_until(works, "the key is told in the new layout")
            assert set(heard.told) == {DOWN, UP}
    finally:
        desktop.start("setxkbmap", "us").wait(30)


async def test_layout_without_the_letter_of_a_hotkey_is_refused_for_its_action(
    desktop: Desktop, field: TextField
) -> None:
    try:
        desktop.start("setxkbmap", "ru").wait(30)
        async with listening(desktop, dictate="f9") as heard:
            with pytest.raises(HotkeyAbsent) as error:
                await heard.hotkeys.bind({"dictate": "f9", "paste-held": "ctrl+alt+v"})
            assert error.value.action == "paste-held"
            desktop.xdotool("key", "F9")
            await heard.tells(DOWN, UP)
    finally:
        desktop.start("setxkbmap", "us").wait(30)


async def test_renewed_hotkey_is_reported_once(desktop: Desktop, field: TextField) -> None:
    async with listening(desktop, dictate="ctrl+alt+d", cancel="f9") as heard:
        await heard.hotkeys.renew()
        await asyncio.to_thread(desktop.xdotool, "key", "ctrl+alt+d")
        await heard.tells(DOWN, UP)
        await heard.hotkeys.bind({"dictate": "f9"})
        await heard.hotkeys.renew()
        await asyncio.to_thread(desktop.xdotool, "key", "F9")
        await heard.tells(DOWN, UP)
    await asyncio.to_thread(desktop.xdotool, "key", "F9")
    await shows_only(desktop, field, "")


async def test_held_hotkey_is_unaffected_by_changes_of_unused_keys(desktop: Desktop, field: TextField) -> None:
    """Programs that type characters missing from the layout do this."""
    async with listening(desktop, dictate="f9") as heard:
        desktop.xdotool("keydown", "F9")
        await heard.tells(DOWN)
        for symbol in ("U7fe1", "U7fe0", "NoSymbol"):
            desktop.start("xmodmap", "-e", f"keycode 248 = {symbol}").wait(30)
        desktop.xdotool("keyup", "F9")
        await heard.tells(UP)
        desktop.xdotool("key", "F9")
        await heard.tells(DOWN, UP)
        await shows_only(desktop, field, "")


@pytest.mark.parametrize("presses", [150, pytest.param(500, marks=pytest.mark.proof(minutes=0.2))])
async def test_random_presses_leave_no_hotkey_stuck(desktop: Desktop, field: TextField, presses: int) -> None:
    keys = {"dictate": "right_ctrl", "cancel": "f9", "paste-held": "ctrl+alt+d"}
    names = (RIGHT_CTRL, "F9", "d", "ctrl", "alt", "shift", "q")
    chance = random.Random(7)
    async with listening(desktop) as heard:
        await heard.hotkeys.bind(keys)
        words: list[str] = []
        for _ in range(presses):
            words += [chance.choice(("keydown", "keyup", "key")), chance.choice(names)]
        words += [word for name in names for word in ("keyup", name)]
        await asyncio.to_thread(desktop.xdotool, *words)
        for action in keys:
            await wait_until(partial(_let_go, heard, action), f"{action} is up")
            assert not await heard.hotkeys.is_down(action)
        for action in keys:
            pressed = [down for name, down in heard.told if name == action]
            assert pressed and pressed == [True, False] * (len(pressed) // 2)
        heard.events.clear()
        desktop.xdotool("key", "F9")
        await heard.tells(("cancel", True), ("cancel", False))
        desktop.xdotool("key", "ctrl+a", "Delete")
        await shows_only(desktop, field, "")


def _let_go(heard: Heard, action: str) -> bool:
    """Return whether the last event of the action is a release."""
    return not next((down for name, down in reversed(heard.told) if name == action), False)
