"""All user-visible strings by key, in a language that can change while the app runs."""

from typing import Final

from PySide6.QtCore import QLocale, QObject, Signal

from app.core.sentences import LANGUAGES, entries, filled
from app.ui.strings.drawable import language_is_drawn

SYSTEM: Final = "system"
_NAMES: Final = {f"language.{tag}": tag for tag in LANGUAGES}


class Texts(QObject):
    """Lookup of texts, as in ``texts("state.idle")``; ``changed`` is emitted after a change of language."""

    changed = Signal()

    def __init__(self, language: str = SYSTEM) -> None:
        super().__init__()
        self.chosen, self._found = language, ""

    def __call__(self, key: str, /, **values: str | int) -> str:
        """Return the text of a key with its values. Raises ``KeyError`` for an unknown key.

        A language whose own name no font can draw gets its English name.
        """
        if key in _NAMES and not language_is_drawn(_NAMES[key], self.language):
            key = f"language.latin.{_NAMES[key]}"
        return filled(self.language, key, values)

    def knows(self, key: str) -> bool:
        """Return True if a text with this key exists."""
        return key in entries(self.language)

    @property
    def language(self) -> str:
        """Language in effect, always one of ``LANGUAGES``."""
        self._found = self._found or self._language()
        return self._found

    def _language(self) -> str:
        if self.chosen in LANGUAGES:
            return self.chosen
        wanted = QLocale.system().uiLanguages() if self.chosen == SYSTEM else [self.chosen]
        found = language_for(wanted)
        return found if language_is_drawn(found, found) else LANGUAGES[0]

    def choose(self, language: str) -> None:
        """Choose a language tag or ``system``, with effect at once."""
        if language != self.chosen:
            self.chosen, self._found = language, ""
            self.changed.emit()


def language_for(tags: list[str]) -> str:
    """Return the first supported language of these BCP 47 tags.

    Traditional Chinese gets simplified texts until it has its own.
    """
    primary = (tag.replace("_", "-").split("-")[0].lower() for tag in tags)
    return next((tag for tag in primary if tag in LANGUAGES), LANGUAGES[0])
