"""How settings are worded: their names, explanations and values, and what a search finds them by."""

from typing import Final

from app.sentences import LANGUAGES, entries
from app.settings import checks
from app.settings.schema import Setting, all_settings
from app.ui.texts import Texts
from app.ui.wording import note_text
from app.view import Note

_BAD: Final = frozenset({"setting-bad", "setting-not-allowed"})
_FILE: Final = "settings.toml"
_OPTIONS: Final = {"hotkeys.mode": "mode", "general.language": "language"}
"""Texts that are in use elsewhere too. Of all others: ``settings.option.NAME.VALUE``."""


def title(texts: Texts, name: str) -> str:
    """Its name, for people."""
    return texts(f"settings.title.{name}")


def says(texts: Texts, name: str) -> str:
    """What it is for, in a line or two."""
    return texts(f"settings.says.{name}")


def option_keys(setting: Setting) -> dict[str, str]:
    """Of each of its choices the text."""
    family = _OPTIONS.get(setting.name, f"settings.option.{setting.name}")
    return {choice: f"{family}.{choice}" for choice in setting.choices}


def unit(texts: Texts, name: str) -> str:
    """What a number counts; empty where its name says so."""
    key = f"settings.unit.{name}"
    return texts(key) if texts.knows(key) else ""


def placeholder(texts: Texts, name: str) -> str:
    """What an empty field means; empty where it means nothing."""
    key = f"settings.empty.{name}"
    return texts(key) if texts.knows(key) else ""


def refusal_text(texts: Texts, name: str, note: Note) -> str:
    """Why a value is not in force: what it may be, or what else stands in the way."""
    if not is_of_value(note):
        return note_text(texts, note)
    key = "settings.refused-in-file" if is_of_file(note) else "settings.refused"
    return texts(key, allowed=_allowed(texts, name))


def is_of_value(note: Note) -> bool:
    """Whether it is about what one setting was to be."""
    return note.key in _BAD


def is_of_file(note: Note) -> bool:
    """Whether the settings file says so, or cannot be used; else somebody has asked for it just now."""
    return not is_of_value(note) or _FILE in note.values.get("place", "")


def _allowed(texts: Texts, name: str) -> str:
    setting = all_settings()[name]
    if setting.choices:
        return ", ".join(texts(key) for key in option_keys(setting).values())
    if isinstance(setting.check, checks.UpTo):
        return texts("settings.allowed.number", most=setting.check.most)
    key = f"settings.allowed.{getattr(setting.check, '__name__', '')}"
    if texts.knows(key):
        return texts(key)
    return texts("settings.allowed.text") if setting.type is str else setting.allowed


def found_by(setting: Setting) -> str:
    """Every word that a search may find it by, in each language: whoever changes it may not read this one."""
    name = setting.name
    keys = [f"settings.section.{setting.section}", f"settings.title.{name}", f"settings.says.{name}"]
    keys += option_keys(setting).values()
    known = (entries(language).get(key) for language in LANGUAGES for key in keys)
    return " ".join([name, *(entry for entry in known if isinstance(entry, str))]).casefold()
