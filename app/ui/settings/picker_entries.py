"""Entries of searchable lists, and the search in them. Pure."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class PickerEntry:
    """Value with its name.

    ``beside``: another name, shown after it. ``words``: further words by which a search finds it.
    """

    value: str
    name: str
    beside: str = ""
    words: str = ""

    @property
    def text(self) -> str:
        """Both names, as one row shows them."""
        return f"{self.name} · {self.beside}" if self.beside else self.name


def matching(entries: Sequence[PickerEntry], query: str) -> list[PickerEntry]:
    """Return the entries that contain each term; names that begin with the query come first.

    Accents, case and forms of letters do not count.
    """
    wanted = _plain(query)
    hits = [entry for entry in entries if all(term in _all_words(entry) for term in wanted.split())]
    return sorted(hits, key=lambda entry: not _plain(entry.name).startswith(wanted)) if wanted else hits


def with_unknown(entries: Sequence[PickerEntry], chosen: Sequence[str]) -> list[PickerEntry]:
    """Return the entries, and further ones for chosen values that none of them has."""
    known = {entry.value for entry in entries}
    return [*entries, *(PickerEntry(value, value) for value in chosen if value not in known)]


def _all_words(entry: PickerEntry) -> str:
    return _plain(f"{entry.name} {entry.beside} {entry.words} {entry.value}")


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter)).strip()
