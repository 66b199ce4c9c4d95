"""The keymap on recorded tables of an X server."""

import pytest
from Xlib import XK

from app.hotkeys.binding import parse
from app.hotkeys.errors import HotkeyUnknown
from app.hotkeys.events import Grab
from app.hotkeys.x11_keyboard import Keymap


class Display:
    """A keyboard with the layout us: shift 50, ctrl 37 and 105, alt 64, NumLock 77, super 133."""

    def __init__(self, layout: dict[str, list[tuple[int, int]]] | None = None) -> None:
        plain = {"Control_L": 37, "Control_R": 105, "Alt_L": 64, "Num_Lock": 77, "Super_L": 133, "d": 40, "F9": 75}
        self._keys = {name: [(code, 0), (code, 2)] for name, code in plain.items()} | (layout or {})

    def get_modifier_mapping(self) -> list[list[int]]:
        return [[50, 0], [66, 0], [37, 105], [64, 108], [77, 0], [0, 0], [133, 0], [92, 0]]

    def keysym_to_keycodes(self, keysym: int) -> list[tuple[int, int]]:
        names = [name for name in self._keys if XK.string_to_keysym(name) == keysym]
        found = self._keys[names[0]] if names else []
        return sorted(found, key=lambda pair: pair[1])


def test_combination_is_grabbed_with_its_modifier_bits() -> None:
    assert Keymap(Display()).grabs("dictate", parse("ctrl+alt+super+d")) == [Grab("dictate", 40, 4 | 8 | 64)]


def test_lone_modifier_has_its_own_bit() -> None:
    assert Keymap(Display()).grabs("dictate", parse("right_ctrl")) == [Grab("dictate", 105, 0, own=4)]


def test_key_without_shift_is_preferred_for_a_symbol() -> None:
    keymap = Keymap(Display({"1": [(10, 1), (90, 0), (91, 0)]}))
    assert [grab.code for grab in keymap.grabs("dictate", parse("ctrl+1"))] == [90, 91]


def test_locks_are_ignored_and_all_their_combinations_covered() -> None:
    keymap = Keymap(Display())
    assert keymap.locks == 2 | 16
    assert keymap.plain(2 | 4 | 16 | 256 | 0x2000) == 4
    assert sorted(keymap.with_locks(4)) == [4, 6, 20, 22]


def test_codes_of_returns_one_key_per_modifier() -> None:
    assert Keymap(Display()).codes_of(4 | 8) == [37, 64]


@pytest.mark.parametrize(
    ("binding", "says"), [("f8", "no such key"), ("menu", "no such key"), ("right_alt", "no such key")]
)
def test_error_for_a_key_missing_on_this_keyboard(binding: str, says: str) -> None:
    with pytest.raises(HotkeyUnknown, match=says):
        Keymap(Display()).grabs("dictate", parse(binding))


def test_error_for_a_modifier_missing_on_this_keyboard() -> None:
    with pytest.raises(HotkeyUnknown, match="this keyboard has no alt"):
        Keymap(Display({"Alt_L": []})).grabs("dictate", parse("alt+d"))


def test_alt_gr_counts_as_right_alt() -> None:
    class European(Display):
        def keysym_to_keycodes(self, keysym: int) -> list[tuple[int, int]]:
            return [(108, 0)] if keysym == 0xFE03 else super().keysym_to_keycodes(keysym)

    assert Keymap(European()).grabs("dictate", parse("right_alt")) == [Grab("dictate", 108, 0, own=8)]
