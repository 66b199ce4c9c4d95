"""The languages that the user speaks, according to the settings."""

from collections.abc import Collection
from functools import cache
from typing import Final

from msgspec import structs

from app.settings.current import settings_now
from app.settings.sections import SYSTEM, GeneralSection, RecognitionSection, Settings
from app.system.languages import system_language
from protocol.recognition import Options

_COMMON: Final = {"en"}


def spoken_languages(section: RecognitionSection, own: Collection[str]) -> tuple[str, ...]:
    """Return the languages for recognition, which include a spoken language that is set; empty for any. Pure.

    ``own``: the languages of the system and of the windows. If ``system`` is listed but yields at most English,
    any language is possible: many people use a computer in English and speak another language.
    """
    listed = [
        each for language in section.languages for each in (own if language == SYSTEM else (language,)) if each
    ]
    if not listed or (SYSTEM in section.languages and (not any(own) or _COMMON.issuperset(listed))):
        return ()
    return tuple(dict.fromkeys(listed if section.language == "auto" else [section.language, *listed]))


def options_of(settings: Settings) -> Options:
    """Return the options for the gateway. Blocks briefly at the first call."""
    languages = spoken_languages(settings.recognition, own_languages(settings.general))
    return structs.replace(settings.recognition.options, languages=languages)


def languages_now(language: str) -> tuple[str, ...]:
    """Return the languages for a command whose user gave this spoken language. Blocks."""
    settings = settings_now()[0]
    asked = RecognitionSection(language, settings.recognition.languages)
    return spoken_languages(asked, own_languages(settings.general))


def own_languages(general: GeneralSection) -> tuple[str, ...]:
    """Return the languages of the system and of the windows; empty where unknown. The first call blocks."""
    return (_of_system(), "" if general.language == SYSTEM else general.language)


_of_system = cache(system_language)
