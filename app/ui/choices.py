"""What can be chosen and what is, as values, and how the choices are called in the settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from app.gestures import TalkMode
from app.ui.texts import SYSTEM, Texts

MODE: Final = "hotkeys.mode"
DICTATE_KEY: Final = "hotkeys.dictate"
LANGUAGE: Final = "general.language"
DICTATE: Final = "dictate"
PASTE_HELD: Final = "paste-held"
"""Actions of keys."""
HOTKEYS: Final = "hotkeys"
"""What a problem with them is about."""
UNHEARD: Final = frozenset({"hotkeys-wayland", "hotkeys-no-display", "hotkeys-not-installed"})
"""Notes which say that no key is heard here."""


@dataclass(frozen=True)
class Choices:
    """``microphone``: empty for the system's, which is ``default_microphone``. ``keys``: bindings by action;
    ``heard``: whether this desktop lets us hear them."""

    microphones: tuple[str, ...] = ()
    microphone: str = ""
    default_microphone: str = ""
    mode: TalkMode = TalkMode.HYBRID
    keys: Mapping[str, str] = field(default_factory=dict)
    language: str = SYSTEM
    heard: bool = True

    def works(self, action: str) -> str:
        """The binding that does it here; empty for none."""
        return self.keys.get(action, "") if self.heard else ""


def microphone_entries(texts: Texts, choices: Choices) -> list[tuple[str, str]]:
    """Names with their texts: the system's, those that there are, and the chosen one also while it is away."""
    default = choices.default_microphone
    system = texts("microphone.system-device", device=default) if default else texts("microphone.system")
    names = dict.fromkeys(filter(None, (*choices.microphones, choices.microphone)))
    return [("", system), *((name, name) for name in names)]
