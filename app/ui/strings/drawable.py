"""Check of the languages that this computer's fonts can draw.

A language whose name would appear as boxes cannot be chosen.
"""

from functools import cache

from PySide6.QtGui import QFontMetrics, QGuiApplication

from app.core.sentences import entries
from app.ui.theme.theme import font


def can_draw(text: str) -> bool:
    """Return True if some font has a shape for every letter.

    Fonts that are installed later are not seen.
    """
    metrics = QFontMetrics(font())
    return all(metrics.inFontUcs4(ord(letter)) for letter in text if not letter.isspace())


@cache
def language_is_drawn(tag: str) -> bool:
    """Return True if the fonts can draw the windows in this language."""
    if QGuiApplication.instance() is None:
        return True
    return can_draw(str(entries(tag)[f"language.{tag}"]))
