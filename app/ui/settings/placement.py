"""Sections of the settings page, and the section and order of each setting. Pure."""

from collections.abc import Mapping
from typing import Final

GENERAL: Final = "general"
INPUT: Final = "input"
LANGUAGE: Final = "language"
MODELS: Final = "models"
COMPUTERS: Final = "computers"
ADVANCED: Final = "advanced"

PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    GENERAL: (
        *("general.language", "general.theme", "general.text_size", "general.overlay"),
        *("general.sounds", "general.announce", "general.autostart"),
        *("history.days", "history.megabytes", "history.keep"),
    ),
    INPUT: (
        *("audio.microphone", "general.keep_microphone_open"),
        *("hotkeys.dictate", "hotkeys.mode", "hotkeys.cancel", "hotkeys.paste_held"),
    ),
    LANGUAGE: (
        *("recognition.languages", "recognition.language", "recognition.script"),
        *("recognition.itn", "recognition.punctuation"),
        *("recognition.partials", "insertion.each_piece_at_once", "insertion.joins"),
    ),
    MODELS: ("recognition.model", "worker.on"),
    COMPUTERS: ("gateway.fall_back",),
    ADVANCED: (
        *("insertion.strategy", "insertion.newline"),
        *("gateway.url", "gateway.port"),
        *("worker.threads", "worker.gpu_memory"),
        *("worker.on_battery", "worker.beside_full_screen", "worker.hours"),
        "advanced.log_level",
    ),
}
"""Names of the settings with a row, in the order of the page, by section; settings files keep other sections."""

SECTIONS: Final = tuple(PLACES)
"""Sections in order; their titles are the texts ``settings.section.NAME``."""

PANELS_FIRST: Final = frozenset({MODELS, COMPUTERS})
"""Sections that show their panels above their settings."""

_SECTION_OF: Final = {name: section for section, names in PLACES.items() for name in names}


def section_of(name: str) -> str:
    """Return the section that shows a setting; empty for a setting without a row."""
    return _SECTION_OF.get(name, "")
