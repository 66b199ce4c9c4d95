"""Look up the present codes of our keys on an X server. Blocks."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any, Final

from Xlib import XK, X
from Xlib.keysymdef import xkb

from app.hotkeys.binding import Binding
from app.hotkeys.errors import HotkeyUnknown
from app.hotkeys.keys import KEYS, Modifier
from app.hotkeys.presses import Grab

_ALL_MODIFIERS: Final = 0xFF
_LOCKS: Final = ("Num_Lock", "Scroll_Lock")


class Keymap:
    """A snapshot of the layout and the modifiers."""

    def __init__(self, display: Any) -> None:
        self._display = display
        self._modifiers = [set(codes) - {0} for codes in display.get_modifier_mapping()]
        self.locks: int = X.LockMask
        for name in _LOCKS:
            self.locks |= self._bit(set(self.codes(name)))

    def codes(self, keysym: str) -> list[int]:
        """Return the keys that produce this symbol with the fewest modifiers."""
        number = getattr(xkb, f"XK_{keysym}", None) or XK.string_to_keysym(keysym)
        found: list[tuple[int, int]] = list(self._display.keysym_to_keycodes(number))
        lowest = min((level for _, level in found), default=0)
        return sorted({code for code, level in found if level == lowest})

    def grabs(self, action: str, binding: Binding) -> list[Grab]:
        """Return the grabs for ``action``. Raises ``HotkeyUnknown`` if the keyboard lacks the key."""
        codes = next(filter(None, map(self.codes, binding.key.keysyms)), [])
        if not codes:
            raise HotkeyUnknown(str(binding), "this keyboard has no such key")
        bits = sum(self._mask(binding, modifier) for modifier in binding.modifiers)
        return [Grab(action, code, bits, self._bit({code}) if binding.lone else 0) for code in codes]

    def plain(self, state: int) -> int:
        """Return the modifiers of an event, without locks, mouse buttons and the keyboard group."""
        return state & _ALL_MODIFIERS & ~self.locks

    def with_locks(self, modifiers: int) -> Iterator[int]:
        """Yield ``modifiers`` combined with every set of locks, because X compares all bits."""
        bits = [1 << place for place in range(8) if self.locks & 1 << place]
        for count in range(len(bits) + 1):
            for chosen in combinations(bits, count):
                yield modifiers | sum(chosen)

    def codes_of(self, modifiers: int) -> list[int]:
        """Return one key for each modifier bit."""
        return [min(codes) for place, codes in enumerate(self._modifiers) if modifiers & 1 << place and codes]

    def _mask(self, binding: Binding, modifier: Modifier) -> int:
        if modifier is Modifier.SHIFT:
            return int(X.ShiftMask)
        names = [keysym for key in KEYS.values() if key.modifier is modifier for keysym in key.keysyms[:1]]
        bit = self._bit({code for name in names for code in self.codes(name)})
        if not bit:
            raise HotkeyUnknown(str(binding), f"this keyboard has no {modifier}")
        return bit

    def _bit(self, codes: set[int]) -> int:
        """Return the first modifier bit that one of these keys sets, or 0."""
        return next((1 << place for place, keys in enumerate(self._modifiers) if keys & codes), 0)
