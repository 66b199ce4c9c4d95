"""Entries of the lists of languages and models, named in the language of the windows."""

from collections.abc import Iterable
from functools import cache

from PySide6.QtCore import QCollator, QLocale

from app.core.sentences import LANGUAGES, Sentences
from app.settings.sections import SYSTEM
from app.ui.settings.picker_entries import PickerEntry
from app.ui.strings.drawable import script_is_drawn
from app.ui.strings.language_names import language_name
from app.ui.strings.native_names import NATIVE_NAMES
from app.ui.strings.texts import Texts
from app.ui.strings.wording import model_name
from speech.models.catalogue import load_catalogue


def spoken_entries(texts: Texts) -> list[PickerEntry]:
    """Return the possible spoken languages, of which the first detects the language."""
    return [PickerEntry("auto", texts("settings.spoken.auto")), *_languages(texts.language)]


def own_entries(texts: Texts) -> list[PickerEntry]:
    """Return the languages that a user may speak, of which the first is that of the system."""
    return [PickerEntry(SYSTEM, texts("settings.spoken.system")), *_languages(texts.language)]


def model_entries(texts: Texts, names: Iterable[str]) -> list[PickerEntry]:
    """Return the models to recognise with, of which the first is any."""
    models = (PickerEntry(name, model_name(texts, name)) for name in names)
    return [PickerEntry("", texts("settings.spoken.any-model")), *models]


@cache
def _languages(language: str) -> tuple[PickerEntry, ...]:
    """Return all languages that a model of the catalogue knows, in the order of their names."""
    codes = {code for model in load_catalogue().models for code in model.languages}
    collator = QCollator(QLocale(language))
    return tuple(sorted((_entry(language, code) for code in codes), key=lambda one: collator.sortKey(one.name)))


def _entry(language: str, code: str) -> PickerEntry:
    """Return a language, found by its name in every language of the windows and in its own."""
    name, native = language_name(Sentences(language), code), NATIVE_NAMES.get(code, "")
    words = (native, *(language_name(Sentences(other), code) for other in LANGUAGES))
    return PickerEntry(code, name, native if native != name and script_is_drawn(native) else "", " ".join(words))
