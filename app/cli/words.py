"""Provide the texts of the windows, in the language of the windows, without importing Qt."""

from app.core.sentences import LANGUAGES, Sentences
from app.settings.path import read_appearance, settings_place
from app.system.languages import system_language


def texts() -> Sentences:
    """Return the texts in the language of the windows. Blocks briefly."""
    return Sentences(language())


def language() -> str:
    """Return the language of the windows, one of ``LANGUAGES``. Blocks briefly."""
    chosen = read_appearance(settings_place()).get("language", "")
    return next(tag for tag in (chosen, system_language(), LANGUAGES[0]) if tag in LANGUAGES)
