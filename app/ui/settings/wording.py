"""Define the place of each setting on the page, its texts, and the search in them."""

import html
import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from app.core.errors import Note
from app.core.sentences import LANGUAGES, entries, text_of_note
from app.settings.schema import Setting, all_settings
from app.ui.strings.texts import Texts, names_text, note_text

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
"""Settings with a row, by section and group, in the order of the page; the settings file has other sections.

The titles are the texts ``settings.section.SECTION`` and ``settings.group.GROUP``.
"""

SECTIONS: Final = tuple(PLACES)

PANELS_FIRST: Final = frozenset({MODELS, COMPUTERS})
"""Sections whose panels are above their settings."""

_SECTION_OF: Final = {
    name: section for section, groups in PLACES.items() for names in groups.values() for name in names
}


def section_of(name: str) -> str:
    """Return the section that shows a setting; empty for a setting without a row."""
    return _SECTION_OF.get(name, "")


def settings_of(section: str) -> tuple[str, ...]:
    """Return the names of a section's settings, in order."""
    return tuple(name for names in PLACES[section].values() for name in names)


_BAD: Final = frozenset({"setting-bad", "setting-not-allowed"})
_FILE: Final = "settings.toml"
_OPTIONS: Final = {"hotkeys.mode": "mode", "general.language": "language"}
"""Text families shared with other windows; all other options use ``settings.option.NAME.VALUE``."""


def title(texts: Texts, name: str) -> str:
    """Return the title of a setting."""
    return texts(f"settings.title.{name}")


def description(texts: Texts, name: str) -> str:
    """Return the explanation of a setting, of one or two lines."""
    return texts(f"settings.says.{name}")


def option_keys(setting: Setting) -> dict[str, str]:
    """Return the text key of each choice of a setting."""
    family = _OPTIONS.get(setting.name, f"settings.option.{setting.name}")
    return {choice: f"{family}.{choice}" for choice in setting.choices}


def refusal_text(texts: Texts, name: str, note: Note) -> str:
    """Return why a value is not in effect: the allowed values, or another problem."""
    if not is_of_value(note):
        return note_text(texts, note)
    key = "settings.refused-in-file" if is_of_file(note) else "settings.refused"
    return texts(key, allowed=_allowed_text(texts, name))


def is_of_value(note: Note) -> bool:
    """Return whether the note is about the value of a single setting."""
    return note.key in _BAD


def is_of_file(note: Note) -> bool:
    """Return whether the problem is in the settings file, not in a value that the user has just requested."""
    return not is_of_value(note) or _FILE in note.values.get("place", "")


def _allowed_text(texts: Texts, name: str) -> str:
    setting = all_settings()[name]
    if setting.choices:
        return names_text(texts, map(texts, option_keys(setting).values()))
    return text_of_note(texts, setting.allowed_note)


def search_words_of(setting: Setting) -> str:
    """Return all search words of a setting in every language, because the user may not read the current one.

    ``settings.find.NAME`` has words that are in no text on the page.
    """
    name = setting.name
    keys = [
        f"settings.section.{section_of(name)}",
        *(f"settings.{part}.{name}" for part in ("title", "says", "find")),
    ]
    keys += option_keys(setting).values()
    return " ".join([name, *in_all_languages(*keys)]).casefold()


def in_all_languages(*keys: str) -> list[str]:
    """Return texts in every language of the windows, except those with plural forms."""
    known = (entries(language).get(key) for language in LANGUAGES for key in keys)
    return [entry for entry in known if isinstance(entry, str)]


def search_terms(query: str) -> tuple[str, ...]:
    """Split a query into normalised terms, all of which must match in any order."""
    return tuple(unicodedata.normalize("NFKC", query).casefold().split())


def matches(wanted: tuple[str, ...], words: str) -> bool:
    """Return whether each term occurs in ``words``, which must be in lower case."""
    return all(term in words for term in wanted)


def marked_html(text: str, wanted: tuple[str, ...], style: str) -> str:
    """Return ``text`` as HTML, with the terms in this CSS style; ``wanted`` must not be empty."""
    pattern = re.compile("|".join(map(re.escape, sorted(wanted, key=len, reverse=True))), re.IGNORECASE)
    parts, place = list[str](), 0
    for hit in pattern.finditer(text):
        parts += [
            html.escape(text[place : hit.start()]),
            f'<span style="{style}">{html.escape(hit.group())}</span>',
        ]
        place = hit.end()
    return "".join([*parts, html.escape(text[place:])])
