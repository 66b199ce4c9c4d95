"""The languages that the user speaks, according to the settings."""

from functools import cache

from msgspec import structs

from app.settings.current import settings_now
from app.settings.sections import SYSTEM, RecognitionSection
from app.system.languages import system_language
from protocol.recognition import Options


def spoken_languages(section: RecognitionSection, system: str) -> tuple[str, ...]:
    """Return the languages for recognition, which include a spoken language that is set; empty for any. Pure.

    ``system``: the language of the system. Any language is possible where that is listed but unknown.
    """
    if not section.languages or (SYSTEM in section.languages and not system):
        return ()
    listed = [system if language == SYSTEM else language for language in section.languages]
    return tuple(dict.fromkeys(listed if section.language == "auto" else [section.language, *listed]))


def options_of(section: RecognitionSection) -> Options:
    """Return the options for the gateway. Blocks briefly at the first call."""
    return structs.replace(section.options, languages=spoken_languages(section, _of_system()))


def languages_now(language: str) -> tuple[str, ...]:
    """Return the languages for a command, to which the user gave this spoken language. Blocks."""
    section = settings_now()[0].recognition
    return spoken_languages(RecognitionSection(language, section.languages), _of_system())


_of_system = cache(system_language)
