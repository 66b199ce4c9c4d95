"""The keys that can be bound, and bindings of them in user notation: ``ctrl+alt+d``, ``right_ctrl``. Pure.

Keys have our names, and codes on X11, Windows and macOS.
Sources: X11's keysymdef.h; Microsoft, "Virtual-Key Codes"; Apple, HIToolbox/Events.h (kVK_*).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.hotkeys.errors import HotkeyUnknown


class Modifier(StrEnum):
    """The modifiers, in the order in which bindings list them."""

    CTRL = "ctrl"
    ALT = "alt"
    SHIFT = "shift"
    SUPER = "super"


@dataclass(frozen=True)
class Key:
    """A bindable key. ``keysyms``: X11's names; the first one that the keyboard has is used.

    ``windows``, ``mac``: key codes. ``writes``: the key writes or edits text, so it cannot be bound on its own.
    ``modifier``: the kind of a modifier key.
    """

    keysyms: tuple[str, ...]
    windows: int | None = None
    mac: int | None = None
    writes: bool = False
    modifier: Modifier | None = None


_MAC_LETTERS: Final = dict(
    zip("asdfhgzxcv", range(10), strict=True),
    **dict(zip("bqweryt", range(11, 18), strict=True)),
    **{"o": 31, "u": 32, "i": 34, "p": 35, "l": 37, "j": 38, "k": 40, "n": 45, "m": 46},
)
_MAC_DIGITS: Final = dict(zip("1234659780", (18, 19, 20, 21, 22, 23, 25, 26, 28, 29), strict=True))
_MAC_FUNCTIONS: Final = (
    *(122, 120, 99, 118, 96, 97, 98, 100, 101, 109),
    *(103, 111, 105, 107, 113, 106, 64, 79, 80, 90),
)


def _functions() -> dict[str, Key]:
    mac: dict[int, int] = dict(enumerate(_MAC_FUNCTIONS, start=1))
    return {f"f{number}": Key((f"F{number}",), 0x6F + number, mac.get(number)) for number in range(1, 25)}


def _characters() -> dict[str, Key]:
    letters = {name: Key((name,), ord(name.upper()), code, True) for name, code in sorted(_MAC_LETTERS.items())}
    digits = {name: Key((name,), ord(name), code, True) for name, code in sorted(_MAC_DIGITS.items())}
    return letters | digits


_EDITING: Final = {
    "space": Key(("space",), 0x20, 49, True),
    "tab": Key(("Tab",), 0x09, 48, True),
    "enter": Key(("Return",), 0x0D, 36, True),
    "backspace": Key(("BackSpace",), 0x08, 51, True),
    "delete": Key(("Delete",), 0x2E, 117, True),
    "left": Key(("Left",), 0x25, 123, True),
    "up": Key(("Up",), 0x26, 126, True),
    "right": Key(("Right",), 0x27, 124, True),
    "down": Key(("Down",), 0x28, 125, True),
    "semicolon": Key(("semicolon",), 0xBA, 41, True),
    "equal": Key(("equal",), 0xBB, 24, True),
    "comma": Key(("comma",), 0xBC, 43, True),
    "minus": Key(("minus",), 0xBD, 27, True),
    "period": Key(("period",), 0xBE, 47, True),
    "slash": Key(("slash",), 0xBF, 44, True),
    "grave": Key(("grave",), 0xC0, 50, True),
    "left_bracket": Key(("bracketleft",), 0xDB, 33, True),
    "backslash": Key(("backslash",), 0xDC, 42, True),
    "right_bracket": Key(("bracketright",), 0xDD, 30, True),
    "apostrophe": Key(("apostrophe",), 0xDE, 39, True),
}
_OTHERS: Final = {
    "esc": Key(("Escape",), 0x1B, 53),
    "insert": Key(("Insert",), 0x2D, 114),
    "home": Key(("Home",), 0x24, 115),
    "end": Key(("End",), 0x23, 119),
    "page_up": Key(("Prior",), 0x21, 116),
    "page_down": Key(("Next",), 0x22, 121),
    "pause": Key(("Pause",), 0x13),
    "print_screen": Key(("Print",), 0x2C),
    "scroll_lock": Key(("Scroll_Lock",), 0x91),
    "menu": Key(("Menu",), 0x5D),
}
_MODIFIERS: Final = {
    "left_ctrl": Key(("Control_L",), 0xA2, 59, modifier=Modifier.CTRL),
    "right_ctrl": Key(("Control_R",), 0xA3, 62, modifier=Modifier.CTRL),
    "left_alt": Key(("Alt_L",), 0xA4, 58, modifier=Modifier.ALT),
    "right_alt": Key(("Alt_R", "ISO_Level3_Shift"), 0xA5, 61, modifier=Modifier.ALT),
    "left_shift": Key(("Shift_L",), 0xA0, 56, modifier=Modifier.SHIFT),
    "right_shift": Key(("Shift_R",), 0xA1, 60, modifier=Modifier.SHIFT),
    "left_super": Key(("Super_L",), 0x5B, 55, modifier=Modifier.SUPER),
    "right_super": Key(("Super_R",), 0x5C, 54, modifier=Modifier.SUPER),
}
KEYS: Final = _functions() | _characters() | _EDITING | _OTHERS | _MODIFIERS


_ALIASES: Final = {
    "control": "ctrl",
    "option": "alt",
    "win": "super",
    "cmd": "super",
    "command": "super",
    "meta": "super",
    "escape": "esc",
    "return": "enter",
    "del": "delete",
    "ins": "insert",
    "pgup": "page_up",
    "pgdn": "page_down",
    "print": "print_screen",
}


@dataclass(frozen=True)
class Binding:
    """A key with the modifiers held with it. Made by ``parse``."""

    name: str
    modifiers: frozenset[Modifier] = frozenset()

    @property
    def key(self) -> Key:
        """The key, with its codes on each platform."""
        return KEYS[self.name]

    @property
    def lone(self) -> bool:
        """True if the binding is a modifier key on its own."""
        return self.key.modifier is not None

    def __str__(self) -> str:
        held = [modifier.value for modifier in Modifier if modifier in self.modifiers]
        return "+".join([*held, self.name])


def parse(text: str) -> Binding:
    """Parse a binding; its ``str`` is the canonical form. Raises ``HotkeyUnknown``."""
    words = [_name(word) for word in text.split("+")]
    *before, name = words
    unknown = [word for word in before if word not in set(Modifier)]
    if unknown:
        raise HotkeyUnknown(text, f"{unknown[0]!r} is none of {', '.join(Modifier)}")
    if name not in KEYS:
        raise HotkeyUnknown(text, _no_key(name))
    binding = Binding(name, frozenset(map(Modifier, before)))
    if binding.lone and before:
        raise HotkeyUnknown(text, f"{name} is a modifier: use it alone, or with a key that is none")
    if binding.key.writes and not binding.modifiers - {Modifier.SHIFT}:
        raise HotkeyUnknown(text, f"you could not write with {name} any more: add ctrl, alt or super")
    return binding


def _name(word: str) -> str:
    plain = word.strip().lower().replace(" ", "_").replace("-", "_")
    side, _, rest = plain.partition("_")
    if side in {"left", "right"} and rest in _ALIASES:
        return f"{side}_{_ALIASES[rest]}"
    return _ALIASES.get(plain, plain)


def _no_key(name: str) -> str:
    if name in set(Modifier):
        return f"say which one: left_{name} or right_{name}"
    examples = "f9, right_ctrl, ctrl+alt+d"
    return f"{f'no key is called {name!r}' if name else 'it ends without a key'}; examples: {examples}"
