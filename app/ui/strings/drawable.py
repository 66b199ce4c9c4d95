"""Check of the languages that this computer's fonts can draw.

A language whose name would appear as boxes cannot be chosen.
"""

import unicodedata
from functools import cache
from typing import Final

from PySide6.QtGui import QFontDatabase, QFontMetrics, QGuiApplication

from app.core.sentences import entries
from app.ui.theme.theme import font

_OTHER_NAMES: Final = {"Cjk": "SimplifiedChinese", "Hangul": "Korean", "Modifier": "Latin"}


def can_draw(text: str) -> bool:
    """Return True if some font has a shape for every letter.

    Fonts that are installed later are not seen.
    """
    metrics = QFontMetrics(font())
    return all(metrics.inFontUcs4(ord(letter)) for letter in text if not letter.isspace())


@cache
def language_is_drawn(tag: str, texts: str) -> bool:
    """Return True if the fonts can draw the windows in this language.

    ``texts``: the language in whose texts its name is looked up. All have it, and reading others takes long.
    """
    if QGuiApplication.instance() is None:
        return True
    return can_draw(str(entries(texts)[f"language.{tag}"]))


def script_is_drawn(text: str) -> bool:
    """Return True if some font is made for the script of this text.

    Unlike ``can_draw`` it loads no font, so it is fit for the names of a hundred languages.
    """
    script = unicodedata.name(text[0]).split()[0].capitalize()
    return _OTHER_NAMES.get(script, script) in _drawn_scripts()


@cache
def _drawn_scripts() -> frozenset[str]:
    return frozenset(system.name for system in QFontDatabase.writingSystems())
