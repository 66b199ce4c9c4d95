"""Parse key bindings in user notation: ``ctrl+alt+d``, ``f9``, ``right_ctrl``. Pure."""

from dataclasses import dataclass
from typing import Final

from app.hotkeys.errors import HotkeyUnknown
from app.hotkeys.keys import KEYS, Key, Modifier

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
