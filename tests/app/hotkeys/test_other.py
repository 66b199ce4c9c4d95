"""The part of ``app.hotkeys.other`` that needs neither Windows nor macOS."""

import pytest

from app.hotkeys.binding import Binding, Modifier
from app.hotkeys.errors import HotkeyTaken, HotkeyUnknown
from app.hotkeys.events import KeyEvent
from app.hotkeys.other import BITS, OnKey, OtherHotkeys

F9, RIGHT_CTRL, D, C = 0x78, 0xA3, ord("D"), ord("C")
CTRL = BITS[Modifier.CTRL]


class Keyboard:
    """A simulated hook; ``press`` and ``release`` return whether programs see the key."""

    def __init__(self) -> None:
        self.down: set[int] = set()
        self.taps: list[list[int]] = []
        self.stops = 0
        self._on_key: OnKey | None = None

    def code(self, binding: Binding) -> int | None:
        return binding.key.windows if binding.name != "f24" else None

    def start(self, on_key: OnKey) -> None:
        self._on_key = on_key

    def stop(self) -> None:
        self._on_key = None
        self.stops += 1

    def is_down(self, code: int) -> bool:
        return code in self.down

    def tap(self, codes: list[int]) -> None:
        self.taps.append(codes)

    def press(self, code: int, held: int = 0) -> bool:
        self.down.add(code)
        return self._seen(code, True, held)

    def release(self, code: int, held: int = 0) -> bool:
        self.down.discard(code)
        return self._seen(code, False, held)

    def _seen(self, code: int, pressed: bool, held: int) -> bool:
        assert self._on_key is not None
        return not self._on_key(code, pressed, held)


async def told(hotkeys: OtherHotkeys) -> list[KeyEvent]:
    """Return all events, once the context is left."""
    return [event async for event in hotkeys.events()]


async def test_hotkey_is_withheld_and_reported() -> None:
    keyboard = Keyboard()
    async with OtherHotkeys(keyboard, lambda: 7.0) as hotkeys:
        await hotkeys.bind({"dictate": "f9", "cancel": "ctrl+d", "paste-held": ""})
        assert not keyboard.press(F9) and await hotkeys.is_down("dictate")
        assert not keyboard.press(F9), "auto-repeat"
        assert not keyboard.press(D, CTRL) and not keyboard.release(D)
        assert not keyboard.release(F9) and not await hotkeys.is_down("dictate")
        assert keyboard.press(D) and keyboard.release(D)
    assert await told(hotkeys) == [
        KeyEvent("dictate", True, 7.0),
        KeyEvent("cancel", True, 7.0),
        KeyEvent("cancel", False, 7.0),
        KeyEvent("dictate", False, 7.0),
    ]


async def test_lone_modifier_is_watched_and_its_combinations_work() -> None:
    keyboard = Keyboard()
    async with OtherHotkeys(keyboard, lambda: 7.0) as hotkeys:
        await hotkeys.bind({"dictate": "right_ctrl"})
        assert keyboard.press(RIGHT_CTRL) and keyboard.press(C, CTRL)
        assert keyboard.release(C, CTRL) and keyboard.release(RIGHT_CTRL)
        await hotkeys.pass_on("dictate")
    assert await told(hotkeys) == [KeyEvent("dictate", True, 7.0), KeyEvent("dictate", False, 7.0, chord=True)]
    assert keyboard.taps == []


async def test_passed_on_tap_presses_only_modifiers_that_are_up() -> None:
    keyboard = Keyboard()
    async with OtherHotkeys(keyboard) as hotkeys:
        await hotkeys.bind({"dictate": "ctrl+shift+d"})
        keyboard.down = {0xA0}
        await hotkeys.pass_on("dictate")
        await hotkeys.pass_on("cancel")
    assert keyboard.taps == [[0xA2, D]]


async def test_is_down_reports_a_missed_release() -> None:
    keyboard = Keyboard()
    async with OtherHotkeys(keyboard, lambda: 7.0) as hotkeys:
        await hotkeys.bind({"dictate": "f9"})
        keyboard.press(F9)
        keyboard.down.clear()
        assert not await hotkeys.is_down("dictate")
    assert [event.pressed for event in await told(hotkeys)] == [True, False]


async def test_invalid_bindings_change_nothing() -> None:
    keyboard = Keyboard()
    async with OtherHotkeys(keyboard) as hotkeys:
        await hotkeys.bind({"dictate": "f9"})
        with pytest.raises(HotkeyTaken, match="already used by 'cancel'"):
            await hotkeys.bind({"cancel": "f8", "dictate": "F8"})
        with pytest.raises(HotkeyUnknown, match="this system has no such key"):
            await hotkeys.bind({"dictate": "f24"})
        assert not keyboard.press(F9)


async def test_renew_restarts_a_hook_removed_by_the_system() -> None:
    keyboard = Keyboard()
    async with OtherHotkeys(keyboard, lambda: 7.0) as hotkeys:
        await hotkeys.bind({"dictate": "f9"})
        await hotkeys.renew()
        assert keyboard.stops == 1 and not keyboard.press(F9)
    assert await told(hotkeys) == [KeyEvent("dictate", True, 7.0)]
