"""Keys of other layouts, and keys that are pressed while the layout changes, on a real server."""

import asyncio
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from Xlib import X
from Xlib.display import Display
from Xlib.ext import xtest

from app.hotkeys import x11_keyboard
from app.hotkeys.errors import HotkeyAbsent, HotkeysLost, HotkeyTaken
from app.hotkeys.x11 import X11Hotkeys
from app.hotkeys.x11_xkb import whole_layout
from tests.app.hotkeys.keyboard import listening
from tests.helpers.desktop import TextField, running_desktop
from tests.helpers.waiting import wait_until


async def test_key_that_arrives_with_the_answers_about_a_new_layout_is_reported_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server reports a new layout whenever another keyboard is used, right before its first key."""
    to_press = ["F9"]

    def press_before(display: Any) -> Any:
        for key in to_press:
            desktop.xdotool("keydown", key)
        to_press.clear()
        return whole_layout(display)

    monkeypatch.setattr(x11_keyboard, "whole_layout", press_before)
    with running_desktop(tmp_path, tray=False) as desktop:
        desktop.start("xset", "r", "off").wait(30)  # a repeated key would wake the reader
        async with listening(desktop, dictate="f9") as heard:
            desktop.start("xmodmap", "-e", "keycode 248 = U7fe1").wait(30)
            await heard.tells(("dictate", True))
            desktop.xdotool("keyup", "F9")
            await heard.tells(("dictate", False))


@pytest.mark.parametrize("held", ["f9", "right_ctrl"])
async def test_key_that_bounces_while_it_is_held_is_pressed_and_released_once(tmp_path: Path, held: str) -> None:
    code = {"f9": 75, "right_ctrl": 105}[held]
    with running_desktop(tmp_path, tray=False) as desktop, closing(Display(desktop.display)) as keys:
        async with listening(desktop, dictate=held) as heard:

            def send(kind: int) -> None:
                xtest.fake_input(keys, kind, code)
                keys.sync()

            async def bounced() -> bool:
                """Return whether no time between a release and the press after it was too long."""
                heard.events.clear()
                send(X.KeyPress)
                await wait_until(lambda: heard.told, "it is pressed")
                longest_s = 0.0
                for _ in range(2):
                    begun = time.monotonic()
                    send(X.KeyRelease)
                    await asyncio.sleep(0.004)  # as long as contacts bounce
                    send(X.KeyPress)
                    longest_s = max(longest_s, time.monotonic() - begun)
                send(X.KeyRelease)
                await wait_until(lambda: heard.told[-1] == ("dictate", False), "it is released")
                return longest_s < 0.02

            await wait_until(bounced, "a computer is rarely so busy that this takes 20 ms")
            assert heard.told == [("dictate", True), ("dictate", False)]


async def test_alt_gr_as_hotkey_still_writes_the_characters_of_its_combinations(tmp_path: Path) -> None:
    """A German keyboard writes @ with AltGr+Q, and AltGr is also a key that one can dictate with."""
    alt_gr, q = "108", "24"
    with running_desktop(tmp_path, tray=False) as desktop:
        desktop.start("setxkbmap", "de").wait(30)
        field = TextField(desktop)
        async with listening(desktop, dictate="right_alt") as heard:
            desktop.xdotool("keydown", alt_gr, "key", q, "keyup", alt_gr)
            await wait_until(lambda: len(heard.events) >= 2, "press and release are told")
            assert heard.told == [("dictate", True), ("dictate", False)] and heard.events[1].chord
            await field.shows("@")


async def test_new_layout_without_the_hotkey_ends_the_events_with_an_error(tmp_path: Path) -> None:
    """The option compose:rctrl, which desktops offer among their settings for special keys, takes Right Ctrl
    away."""
    with running_desktop(tmp_path, tray=False) as desktop:
        async with X11Hotkeys(desktop.display) as hotkeys:
            await hotkeys.bind({"dictate": "right_ctrl", "cancel": "esc"})
            desktop.start("setxkbmap", "-option", "compose:rctrl").wait(30)
            with pytest.raises(HotkeysLost):
                async for event in hotkeys.events():
                    raise AssertionError(event)
            with pytest.raises(HotkeyAbsent):
                await hotkeys.bind({"dictate": "right_ctrl", "cancel": "esc"})
            await hotkeys.bind({"cancel": "esc"})
            desktop.xdotool("key", "Escape")
            assert (await anext(hotkeys.events())).action == "cancel"


async def test_hotkey_that_a_layout_brings_back_is_bound_with_its_modifier_bit(tmp_path: Path) -> None:
    """Without that bit, Esc does not cancel while Right Ctrl is held, and Right Ctrl+C is lost."""
    with running_desktop(tmp_path, tray=False) as desktop:
        desktop.start("setxkbmap", "-option", "compose:rctrl").wait(30)
        async with listening(desktop, cancel="esc") as heard:

            async def is_bound() -> bool:
                with suppress(HotkeyAbsent):
                    await heard.hotkeys.bind({"dictate": "right_ctrl", "cancel": "esc"})
                    return True
                return False

            desktop.start("setxkbmap", "-option").wait(30)
            await wait_until(is_bound, "the layout has the key again")
            desktop.xdotool("keydown", "105")
            await heard.tells(("dictate", True))
            desktop.xdotool("key", "Escape", "keyup", "105")
            await heard.tells(("cancel", True), ("cancel", False), ("dictate", False))


async def test_new_layout_with_the_hotkey_on_a_key_of_another_program_ends_the_events(tmp_path: Path) -> None:
    f8 = 74
    with running_desktop(tmp_path, tray=False) as desktop:
        program = Display(desktop.display)
        program.screen().root.grab_key(f8, X.AnyModifier, False, X.GrabModeAsync, X.GrabModeAsync)
        program.sync()
        async with X11Hotkeys(desktop.display) as hotkeys:
            await hotkeys.bind({"dictate": "f9"})
            desktop.start("xmodmap", "-e", f"keycode {f8} = F9").wait(30)
            with pytest.raises(HotkeysLost):
                async for event in hotkeys.events():
                    raise AssertionError(event)
            with pytest.raises(HotkeyTaken):
                await hotkeys.bind({"dictate": "f9"})
        program.close()
