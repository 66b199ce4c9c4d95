"""Find the keys that paste in a keymap. Pure.

Source: "The XKB keymap text format, V1" of libxkbcommon. A key has one or more groups (layouts) of symbols.
"""

import re
from dataclasses import dataclass
from typing import Final

from app.insertion.plan import PasteKeys

SHIFT_MASK: Final = 1
CONTROL_MASK: Final = 4
"""Bits of the modifiers that every keymap has in common."""

_XKB_OFFSET: Final = 8  # key codes of XKB are those of the kernel plus 8
_CODE: Final = re.compile(r"<(\w+)>\s*=\s*(\d+);")
_KEY: Final = re.compile(r"key\s+<(\w+)>\s*\{(.*?)\}\s*;", re.DOTALL)
_GROUP: Final = re.compile(r"symbols\[(?:Group)?(\d+)\]\s*=\s*\[([^\]]*)\]")
_ONLY_GROUP: Final = re.compile(r"\[([^\]]*)\]")

STANDARD: Final = """xkb_keymap {
xkb_keycodes { include "evdev+aliases(qwerty)" };
xkb_types { include "complete" };
xkb_compat { include "complete" };
xkb_symbols { include "pc+us+inet(evdev)" };
};"""
"""A keymap for seats without a keyboard, and for layouts without the Latin ``v``. The compositor completes it."""


@dataclass(frozen=True)
class Place:
    """A key: its code in the kernel, and the group in which it has its meaning."""

    code: int
    group: int = 0


@dataclass(frozen=True)
class KeyPlaces:
    """The places of the keys that paste."""

    v: Place
    insert: Place
    control: Place
    shift: Place


def chord(places: KeyPlaces, keys: PasteKeys) -> tuple[list[Place], Place]:
    """Return where the modifiers and the key of a combination are."""
    held = [places.control] * keys.control + [places.shift] * keys.shift
    return held, places.v if keys.key == "v" else places.insert


STANDARD_PLACES: Final = KeyPlaces(Place(47), Place(110), Place(29), Place(42))


def key_places(keymap: str) -> KeyPlaces | None:
    """Return where a keymap has the keys that paste, or ``None`` if it lacks one of them."""
    codes = {name: int(code) for name, code in _CODE.findall(keymap)}
    found: dict[str, Place] = {}
    for name, body in _KEY.findall(keymap):
        if name not in codes:
            continue
        for group, symbols in _groups(body):
            symbol = _first(symbols)
            known = found.get(symbol)
            if known is None or group < known.group:
                found[symbol] = Place(codes[name] - _XKB_OFFSET, group)
    places = [found.get(symbol) for symbol in ("v", "Insert", "Control_L", "Shift_L")]
    v, insert, control, shift = places
    if v is None or insert is None or control is None or shift is None:
        return None
    return KeyPlaces(v, insert, control, shift)


def codes_of(keymap: str, symbol: str) -> frozenset[int]:
    """Return the kernel's codes of the keys that produce a symbol without a modifier, in any group."""
    codes = {name: int(code) - _XKB_OFFSET for name, code in _CODE.findall(keymap)}
    keys = [(name, _groups(body)) for name, body in _KEY.findall(keymap) if name in codes]
    return frozenset(codes[name] for name, groups in keys if symbol in [_first(symbols) for _, symbols in groups])


def _first(symbols: str) -> str:
    return symbols.split(",")[0].strip()


def _groups(body: str) -> list[tuple[int, str]]:
    """Return the groups of a key, counted from 0, and their symbols."""
    if several := _GROUP.findall(body):
        return [(int(number) - 1, symbols) for number, symbols in several]
    return [(0, symbols) for symbols in _ONLY_GROUP.findall(body)[:1]]
