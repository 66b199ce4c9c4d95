"""What can be chosen and what is, as values, and how the choices are called in the settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from app.gestures import TalkMode
from app.ui.texts import SYSTEM

MODE: Final = "hotkeys.mode"
DICTATE_KEY: Final = "hotkeys.dictate"
LANGUAGE: Final = "general.language"
DICTATE: Final = "dictate"
PASTE_HELD: Final = "paste-held"
"""Actions of keys."""


@dataclass(frozen=True)
class Choices:
    """``microphone``: empty for the system's, which is ``default_microphone``. ``keys``: bindings by action."""

    microphones: tuple[str, ...] = ()
    microphone: str = ""
    default_microphone: str = ""
    mode: TalkMode = TalkMode.HYBRID
    keys: Mapping[str, str] = field(default_factory=dict)
    language: str = SYSTEM
