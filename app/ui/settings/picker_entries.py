"""Provide the entries of searchable lists, languages and models, and the search in them."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from PySide6.QtCore import QCollator, QLocale

from app.core.sentences import LANGUAGES, Sentences
from app.settings.sections import SYSTEM
from app.ui.strings.native_names import NATIVE_NAMES
from app.ui.strings.texts import Texts, language_name, model_name, script_is_drawn
from speech.models.catalogue import load_catalogue


@dataclass(frozen=True)
class PickerEntry:
    """Value with its name.

    ``beside``: another name, shown after it. ``words``: further words by which a search finds it.
    """

    value: str
    name: str
    beside: str = ""
    words: str = ""

    @property
    def text(self) -> str:
        """Both names, as shown in a row."""
        return f"{self.name} · {self.beside}" if self.beside else self.name


def matching(entries: Sequence[PickerEntry], query: str) -> list[PickerEntry]:
    """Return the entries that contain each term of the query; names that begin with the query come first.

    Accents, case and compatibility forms of letters are ignored.
    """
    wanted = _plain(query)
    hits = [entry for entry in entries if all(term in _all_words(entry) for term in wanted.split())]
    return sorted(hits, key=lambda entry: not _plain(entry.name).startswith(wanted)) if wanted else hits


def with_unknown(entries: Sequence[PickerEntry], chosen: Sequence[str]) -> list[PickerEntry]:
    """Return the entries, with further ones for chosen values that are not among them."""
    known = {entry.value for entry in entries}
    return [*entries, *(PickerEntry(value, value) for value in chosen if value not in known)]


def _all_words(entry: PickerEntry) -> str:
    return _plain(f"{entry.name} {entry.beside} {entry.words} {entry.value}")


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter)).strip()


def spoken_entries(texts: Texts) -> list[PickerEntry]:
    """Return the entries of spoken languages, beginning with automatic detection."""
    return [PickerEntry("auto", texts("settings.spoken.auto")), *_languages(texts.language)]


def own_entries(texts: Texts) -> list[PickerEntry]:
    """Return the entries of languages that the user speaks, beginning with the system's language."""
    return [PickerEntry(SYSTEM, texts("settings.spoken.system")), *_languages(texts.language)]


def model_entries(texts: Texts, names: Iterable[str]) -> list[PickerEntry]:
    """Return the entries of models, beginning with any model."""
    models = (PickerEntry(name, model_name(texts, name)) for name in names)
    return [PickerEntry("", texts("settings.spoken.any-model")), *models]


@cache
def _languages(language: str) -> tuple[PickerEntry, ...]:
    """Return the entries of all languages that a model of the catalogue supports, sorted by name."""
    codes = {code for model in load_catalogue().models for code in model.languages}
    collator = QCollator(QLocale(language))
    return tuple(sorted((_entry(language, code) for code in codes), key=lambda one: collator.sortKey(one.name)))


def _entry(language: str, code: str) -> PickerEntry:
    """Return the entry of a language, found by its name in each language of the windows and in its own."""
    name, native = language_name(Sentences(language), code), NATIVE_NAMES.get(code, "")
    words = (native, *(language_name(Sentences(other), code) for other in LANGUAGES))
    return PickerEntry(code, name, native if native != name and script_is_drawn(native) else "", " ".join(words))
