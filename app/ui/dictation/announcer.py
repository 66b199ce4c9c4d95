"""Screen reader announcements during dictation.

Announcements are polite: the reader finishes its current sentence first. Only important changes are announced.
"""

from collections.abc import Callable
from typing import Final

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from app.core.states import ENDS, State
from app.dictation.view import View
from app.ui.strings.texts import Texts, note_text, state_text, to_paste_text

_SPOKEN: Final = frozenset({State.LISTENING, *ENDS}) - {State.HELD}
"""States that are announced; the others last only moments, and held texts are announced by number."""


class Announcer:
    """Announcer of state changes, notes and held texts, each once.

    ``wanted``: announce even if no assistive technology is active. ``speak``: speaks a text. ``paste_key``: label
    of the paste key, or empty.
    """

    def __init__(
        self, texts: Texts, speak: Callable[[str], None], active: Callable[[], bool] = QAccessible.isActive
    ) -> None:
        self.wanted = False
        self.paste_key = ""
        self._texts, self._speak, self._active = texts, speak, active
        self._view = View()

    def show_view(self, view: View) -> None:
        """Announce the most important change since the last view, if any."""
        before, self._view = self._view, view
        if before == view or not (self.wanted or self._active()):
            return
        if view.note and view.note != before.note:
            self._speak(note_text(self._texts, view.note, self.paste_key))
        elif view.held + view.earlier > before.held + before.earlier:
            self._speak(to_paste_text(self._texts, view, self.paste_key))
        elif view.state in _SPOKEN and view.state is not before.state:
            self._speak(state_text(self._texts, view.state))


def announce(widget: QWidget, text: str) -> None:
    """Ask screen readers to announce a text on behalf of ``widget`` (since Qt 6.8)."""
    QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))
