"""Keys as the desktop portal writes them, and the keys of ours that it cannot bind. Pure.

Source: freedesktop.org, "XDG Shortcuts Specification".
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from app.hotkeys.binding import KEYS, Binding, Modifier, parse
from app.hotkeys.errors import HotkeyUnknown

DICTATE: Final = "dictate"
CANCEL: Final = "cancel"
# A portal binds no modifier on its own. A single key instead of a combination: nothing is held down when the text
# is pasted. Neither GNOME nor KDE uses F9, and every keyboard has it.
DICTATE_KEY: Final = "f9"
_OTHER_KEYS: Final = {DICTATE: DICTATE_KEY, "paste-held": "ctrl+alt+v"}
_MODIFIERS: Final = {Modifier.CTRL: "CTRL", Modifier.ALT: "ALT", Modifier.SHIFT: "SHIFT", Modifier.SUPER: "LOGO"}
_ADDED: Final = (Modifier.SHIFT, Modifier.ALT, Modifier.CTRL)
_WORDS: Final = {"primary": "ctrl", "logo": "super", "mod4": "super", "num": "num_lock"}
_NAMES: Final = {keysym.lower(): name for name, key in KEYS.items() for keysym in key.keysyms}
_GTK_MODIFIER: Final = re.compile(r"<(\w+)>")


@dataclass(frozen=True)
class Shortcut:
    """A key for the portal. ``id``: changes with the key, because desktops keep the key of a known id."""

    action: str
    binding: Binding

    @property
    def id(self) -> str:
        """The name of the shortcut for the desktop."""
        return f"{self.action}.{self.binding}"

    @property
    def trigger(self) -> str:
        """The key as the portal writes it, such as ``CTRL+ALT+v``."""
        held = [_MODIFIERS[modifier] for modifier in Modifier if modifier in self.binding.modifiers]
        return "+".join([*held, self.binding.key.keysyms[0]])


def shortcuts(bindings: Mapping[str, str]) -> tuple[Shortcut, ...]:
    """Return the keys to bind: those wanted where a portal can bind them. Raises ``HotkeyUnknown``.

    Of two actions with the same key, the first gets it.
    All stay bound all the time, so Esc on its own is left to other programs: Shift and the key of dictation
    cancels instead.
    """
    wanted = {action: parse(text) for action, text in bindings.items() if text}
    dictate = _possible(DICTATE, wanted.get(DICTATE, parse(DICTATE_KEY)))
    made = dict[Binding, Shortcut]()
    for action, binding in wanted.items():
        chosen = _possible(action, binding)
        if action == CANCEL and (chosen.lone or _is_escape(chosen)):
            chosen = _with_one_more(dictate)
        made.setdefault(chosen, Shortcut(action, chosen))
    return tuple(made.values())


def keys_in(listed: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, str]:
    """Return the keys that the desktop names, by the id of the shortcut; empty for none."""
    return {name: str(about.get("trigger_description", "")) for name, about in listed}


def shown(description: str) -> str:
    """Return a key named by the desktop in our notation, or as it is if it is in no notation known here."""
    plain = description.strip().removeprefix("Press ").strip()
    words = _GTK_MODIFIER.sub(r"\1+", plain).split("+")
    named = [_WORDS.get(word.strip().lower(), word.strip()) for word in words]
    named = [*named[:-1], _NAMES.get(named[-1].lower(), named[-1])]
    try:
        return str(parse("+".join(named)))
    except HotkeyUnknown:
        return description


def _possible(action: str, binding: Binding) -> Binding:
    other = _OTHER_KEYS.get(action)
    return parse(other) if binding.lone and other else binding


def _is_escape(binding: Binding) -> bool:
    return binding.name == "esc" and not binding.modifiers


def _with_one_more(binding: Binding) -> Binding:
    added = next((modifier for modifier in _ADDED if modifier not in binding.modifiers), Modifier.SUPER)
    return replace(binding, modifiers=binding.modifiers | {added})
