"""The keys that the windows may name on this desktop. Pure."""

from collections.abc import Iterable, Mapping

from app.core.notes import Note
from app.ui.settings.choices import DICTATE, UNHEARD


class KnownKeys:
    """The keys of the settings, those that the desktop assigned, or those that lines for it report.

    ``nameless``: shortcuts of the desktop run commands, so the settings do not know the keys.
    """

    def __init__(self) -> None:
        self.nameless = False
        self.assigned: Mapping[str, str] = {}
        self._by_lines: frozenset[str] = frozenset()
        self._unheard = False

    @property
    def solved(self) -> bool:
        """True if the desktop gives programs no hotkeys and lines report the dictation key instead."""
        return self._unheard and DICTATE in self._by_lines

    def of(self, bindings: Mapping[str, str]) -> dict[str, str]:
        """Return the keys by action that work, of those in the settings."""
        if self._unheard and self._by_lines:
            known = frozenset[str]() if self.nameless else self._by_lines
            return {action: key for action, key in bindings.items() if action in known}
        return {**bindings, **self.assigned}

    def refused(self, note: Note | None) -> None:
        """Take a problem with hotkeys, or ``None`` if it is solved."""
        self._unheard = self._unheard or (note is not None and note.key in UNHEARD)

    def reported(self, actions: Iterable[str]) -> bool:
        """Add actions whose keys lines report; return whether one is new."""
        before = self._by_lines
        self._by_lines |= frozenset(actions)
        return self._by_lines != before
