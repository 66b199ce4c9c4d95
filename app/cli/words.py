"""Provide the texts of the windows, in the language of the windows, without importing a window."""

import tomllib

from app.core.sentences import LANGUAGES, Sentences
from app.settings.path import settings_place
from app.system.languages import system_language


def texts() -> Sentences:
    """Return the texts in the language of the windows. Blocks briefly."""
    return Sentences(language())


def language() -> str:
    """Return the language of the windows, one of ``LANGUAGES``. Blocks briefly."""
    candidates = (_chosen(), system_language(), LANGUAGES[0])
    return next(tag for tag in candidates if tag in LANGUAGES)


def _chosen() -> object:
    """Return the language in the settings file, read without its schema, which is slow to import."""
    try:
        return tomllib.loads(settings_place().read_text(encoding="utf-8-sig"))["general"]["language"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
