"""What can be chosen and what is, as values, and how the choices are called in the settings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from app.gestures import TalkMode
from app.ui.texts import SYSTEM, Texts
from runtime.terminal import printable

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
_SOURCE: Final = re.compile(r"alsa_input\.(?:usb|pci)-(?P<model>[^.]+?)(?:-\d+)?\..+")


@dataclass(frozen=True)
class Choices:
    """``microphones``: each as (choice, name). ``microphone``: empty for the system's, which is called
    ``default_microphone``. ``keys``: bindings by action; ``heard``: whether this desktop lets us hear them."""

    microphones: tuple[tuple[str, str], ...] = ()
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
    """Return choices with texts: the system's, those that there are, and the chosen one also while it is away.

    A choice that is (a part of) a name stands for the microphone that it names.
    """
    default = choices.default_microphone
    system = texts("microphone.system-device", device=default) if default else texts("microphone.system")
    found, chosen = dict(choices.microphones), choices.microphone
    if chosen and chosen not in found:
        named = next((key for key, name in found.items() if chosen.casefold() in name.casefold()), None)
        if named is None:
            name = source_name(chosen)
            found[chosen] = texts("microphone.away", device=name) if found else name
        else:
            found = {chosen if key == named else key: name for key, name in found.items()}
    return [("", printable(system)), *((key, printable(name)) for key, name in found.items())]


def source_name(key: str) -> str:
    """Return what people may recognise in the name of a source that is away: maker and model, if it has them."""
    model = _SOURCE.fullmatch(key)
    return model["model"].replace("_", " ").strip() if model else key
