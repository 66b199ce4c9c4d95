"""Every string that a person reads, by its key, in the language that is chosen while the app runs."""

from typing import Final

from PySide6.QtCore import QLocale, QObject, Signal

from app.sentences import LANGUAGES, entries, filled
from app.ui.drawable import language_is_drawn

SYSTEM: Final = "system"
_NAMES: Final = {f"language.{tag}": tag for tag in LANGUAGES}


class Texts(QObject):
    """``texts("state.idle")``; ``changed`` when the language was."""

    changed = Signal()

    def __init__(self, language: str = SYSTEM) -> None:
        super().__init__()
        self._chosen = language

    def __call__(self, key: str, /, **values: str | int) -> str:
        """The text with its values. Raises ``KeyError`` for what is not in the texts.

        A language whose own name no font can draw has its English name.
        """
        if key in _NAMES and not language_is_drawn(_NAMES[key]):
            key = f"language.latin.{_NAMES[key]}"
        return filled(self.language, key, values)

    def knows(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in entries(self.language)

    @property
    def language(self) -> str:
        """One of ``LANGUAGES``."""
        if self._chosen in LANGUAGES:
            return self._chosen
        wanted = QLocale.system().uiLanguages() if self._chosen == SYSTEM else [self._chosen]
        found = language_for(wanted)
        return found if language_is_drawn(found) else LANGUAGES[0]

    @property
    def chosen(self) -> str:
        """``system``, or what was chosen."""
        return self._chosen

    def choose(self, language: str) -> None:
        """``system`` or a language tag, from now on."""
        if language != self._chosen:
            self._chosen = language
            self.changed.emit()


def language_for(tags: list[str]) -> str:
    """The first of these BCP 47 tags that there is. Traditional Chinese reads simplified until it has its own."""
    primary = (tag.replace("_", "-").split("-")[0].lower() for tag in tags)
    return next((tag for tag in primary if tag in LANGUAGES), LANGUAGES[0])
