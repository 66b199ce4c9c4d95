"""Every string that a person reads, by its key, in the language that is chosen while the app runs."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from PySide6.QtCore import QLocale, QObject, Signal

LANGUAGES: Final = ("en", "zh")
SYSTEM: Final = "system"
COUNT: Final = "count"
_PLACEHOLDER: Final = re.compile(r"{([a-z_]+)}")

Entry = str | Mapping[str, str]
"""A text, or one for each plural form of ``count``: ``one`` (English only) and ``other``."""


class Texts(QObject):
    """``texts("state.idle")``; ``changed`` when the language was."""

    changed = Signal()

    def __init__(self, language: str = SYSTEM) -> None:
        super().__init__()
        self._chosen = language

    def __call__(self, key: str, /, **values: str | int) -> str:
        """The text with its values. Raises ``KeyError`` for what is not in the texts."""
        entry = entries(self.language)[key]
        if not isinstance(entry, str):
            entry = entry.get(_plural(self.language, int(values[COUNT])), entry["other"])
        return _PLACEHOLDER.sub(lambda found: str(values[found[1]]), entry)

    def knows(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in entries(self.language)

    @property
    def language(self) -> str:
        """One of ``LANGUAGES``."""
        if self._chosen in LANGUAGES:
            return self._chosen
        wanted = QLocale.system().uiLanguages() if self._chosen == SYSTEM else [self._chosen]
        return language_for(wanted)

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


@cache
def entries(language: str) -> Mapping[str, Entry]:
    """All texts of a language by dotted key."""
    source = files("app.ui").joinpath("texts", f"{language}.toml").read_text(encoding="utf-8")
    return dict(_flat(tomllib.loads(source)))


def placeholders(entry: Entry) -> set[str]:
    """What must be given to it."""
    forms = [entry] if isinstance(entry, str) else entry.values()
    return {name for form in forms for name in _PLACEHOLDER.findall(form)}


def _flat(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Entry]]:
    found: list[tuple[str, Entry]] = []
    for name, value in table.items():
        if isinstance(value, str) or "other" in value:
            found.append((prefix + name, value))
        else:
            found += _flat(value, f"{prefix}{name}.")
    return found


def _plural(language: str, count: int) -> str:
    return "one" if language == "en" and count == 1 else "other"
