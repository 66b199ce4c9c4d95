"""Sections of the settings page, and the section, group and order of each setting. Pure."""

from collections.abc import Mapping
from typing import Final

GENERAL: Final = "general"
INPUT: Final = "input"
LANGUAGE: Final = "language"
MODELS: Final = "models"
COMPUTERS: Final = "computers"
ADVANCED: Final = "advanced"

PLACES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    GENERAL: {
        "look": ("general.language", "general.theme", "general.text_size", "general.overlay"),
        "behaviour": ("general.sounds", "general.announce", "general.autostart"),
        "recordings": ("history.days", "history.megabytes", "history.keep"),
        "updates": ("updates.check",),
    },
    INPUT: {
        "microphone": ("audio.microphone", "general.keep_microphone_open"),
        "keys": ("hotkeys.dictate", "hotkeys.mode", "hotkeys.cancel", "hotkeys.paste_held"),
    },
    LANGUAGE: {
        "languages": ("recognition.languages", "recognition.language", "recognition.script"),
        "writing": ("recognition.itn", "recognition.punctuation", "insertion.joins"),
        "live": ("recognition.partials", "insertion.each_piece_at_once"),
    },
    MODELS: {"recognition": ("recognition.model", "worker.on")},
    COMPUTERS: {"fallback": ("gateway.fall_back",)},
    ADVANCED: {
        "insertion": ("insertion.strategy", "insertion.newline", "insertion.read_text"),
        "server": ("gateway.url", "gateway.port"),
        "api": ("api.on", "api.port"),
        "limits": (
            *("worker.threads", "worker.gpu_memory"),
            *("worker.on_battery", "worker.beside_full_screen", "worker.hours"),
        ),
        "log": ("advanced.log_level",),
        "versions": ("updates.url", "updates.key"),
    },
}
"""Settings with a row, by section and group, in the order of the page; settings files keep other sections.

The titles are the texts ``settings.section.SECTION`` and ``settings.group.GROUP``.
"""

SECTIONS: Final = tuple(PLACES)

PANELS_FIRST: Final = frozenset({MODELS, COMPUTERS})
"""Sections that show their panels above their settings."""

_SECTION_OF: Final = {
    name: section for section, groups in PLACES.items() for names in groups.values() for name in names
}


def section_of(name: str) -> str:
    """Return the section that shows a setting; empty for a setting without a row."""
    return _SECTION_OF.get(name, "")


def settings_of(section: str) -> tuple[str, ...]:
    """Return the names of a section's settings, in order."""
    return tuple(name for names in PLACES[section].values() for name in names)
