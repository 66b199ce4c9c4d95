"""Which languages the fonts of this computer can draw: a name in boxes cannot be chosen."""

from functools import cache

from PySide6.QtGui import QFontMetrics, QGuiApplication

from app.sentences import entries
from app.ui.theme import font


def can_draw(text: str) -> bool:
    """Return whether some font has a shape for every letter. Fonts that are installed later are not seen."""
    metrics = QFontMetrics(font())
    return all(metrics.inFontUcs4(ord(letter)) for letter in text if not letter.isspace())


@cache
def language_is_drawn(tag: str) -> bool:
    """Return whether the windows can be read in this language."""
    if QGuiApplication.instance() is None:
        return True
    return can_draw(str(entries(tag)[f"language.{tag}"]))
