"""Provide the texts of windows and commands by key and language, without Qt.

Pure, apart from reading the files once.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, Protocol

from app.core.errors import Note

LANGUAGES: Final = ("en", "zh")
COUNT: Final = "count"
_HAN: Final = "[\u4e00-\u9fff]"
_PLACEHOLDER: Final = re.compile(rf"((?<={_HAN}) )?{{([a-z_]+)}}( (?={_HAN}))?")

Entry = str | Mapping[str, str]
"""A text, or one for each plural form of ``count``: ``one`` (English only) and ``other``."""


class TextLookup(Protocol):
    """Interface for looking up texts: ``app.ui.strings.texts.Texts`` or ``Sentences``."""

    def __call__(self, key: str, /, **values: str | int) -> str:
        """Return a text with its values filled in. Raises ``KeyError`` for an unknown key."""

    def has(self, key: str) -> bool:
        """Return whether a text with this key exists."""


class Sentences:
    """Texts in one language, for the command line. Implements ``TextLookup``."""

    def __init__(self, language: str = LANGUAGES[0]) -> None:
        self._language = language

    def __call__(self, key: str, /, **values: str | int) -> str:
        """Return a text with its values filled in. Raises ``KeyError`` for an unknown key."""
        return filled_text(self._language, key, values)

    def has(self, key: str) -> bool:
        """Return whether a text with this key exists."""
        return key in entries(self._language)


def filled_text(language: str, key: str, values: Mapping[str, str | int], *, quotes: str = "`") -> str:
    """Return a text with its values filled in. ``quotes`` replaces the quotes of commands. Raises ``KeyError``."""
    entry = entries(language)[key]
    if not isinstance(entry, str):
        entry = entry.get(_plural(language, int(values[COUNT])), entry["other"])
    entry = entry.replace("`", quotes)
    return _PLACEHOLDER.sub(lambda found: _spaced(found[1] or "", str(values[found[2]]), found[3] or ""), entry)


def bare_text(text: str) -> str:
    """Return a text without the quotes around its commands."""
    return text.replace("`", "")


def _spaced(before: str, value: str, after: str) -> str:
    """Return a value with the spaces around it, except a space between two Chinese characters."""
    return ("" if re.match(_HAN, value) else before) + value + ("" if re.search(f"{_HAN}$", value) else after)


def text_of_note(texts: TextLookup, note: Note) -> str:
    """Return the text of a note, or an empty one if this version does not know the note."""
    key = note_key(note)
    if not texts.has(key):
        return ""
    reason = {"reason": text_of_note(texts, note.reason)} if note.reason else {}
    return texts(key, **(dict(note.values) | reason))


def note_key(note: Note) -> str:
    """Return the key of a note's text.

    A key with dots names a text outside of the notes, such as a value of a setting.
    """
    return note.key if "." in note.key else f"note.{note.key}"


@cache
def entries(language: str) -> Mapping[str, Entry]:
    """Return all texts of a language by dotted key."""
    source = files("app.ui.strings").joinpath("texts", f"{language}.toml").read_text(encoding="utf-8")
    return dict(_flat(tomllib.loads(source)))


def _flat(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Entry]]:
    found: list[tuple[str, Entry]] = []
    for name, value in table.items():
        if isinstance(value, str) or "other" in value:
            found.append((prefix + name, value))
        else:
            found += _flat(value, f"{prefix}{name}.")
    return found


def _plural(language: str, count: int) -> str:
    return "one" if language == "en" and count == 1 else "other"
