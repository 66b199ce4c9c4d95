"""Tray submenu of recordings with text to paste.

Each can be pasted, copied or dismissed.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QMenu

from app.dictation.actions import HeldAction, SettleHeld
from app.dictation.view import TakeView
from app.messages.actions import Action
from app.ui.strings.texts import Texts
from app.ui.strings.wording import today, when_text
from app.ui.widgets.untrusted_text import menu_name

MENU_CLOSES_MS: Final = 200
"""Delay before pasting: a desktop panel returns the focus slightly after it reports the choice."""
_LONGEST: Final = 40
_TEXTS: Final = {
    HeldAction.PASTE: "action.paste",
    HeldAction.COPY: "action.copy",
    HeldAction.DISMISS: "action.dismiss",
}


class HeldMenu(QMenu):
    """Menu of recordings with text to paste, newest first.

    The menu is hidden if there is no such recording.
    """

    def __init__(self, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._texts, self._ask = texts, ask
        self._takes: tuple[TakeView, ...] = ()
        self.entries: list[QMenu] = []
        self.refresh()

    def show_takes(self, takes: Sequence[TakeView]) -> None:
        """Offer the recordings that have text to paste."""
        held = tuple(take for take in takes if take.held)
        if held != self._takes:
            self._takes = held
            self.refresh()

    def refresh(self) -> None:
        """Rebuild all entries in the current language."""
        self.setTitle(self._texts("tray.to-paste"))
        self.menuAction().setVisible(bool(self._takes))
        self.clear()
        for entry in self.entries:
            entry.deleteLater()
        self.entries = [self._entry(take) for take in self._takes]

    def _entry(self, take: TakeView) -> QMenu:
        entry = QMenu(self)
        entry.setTitle(f"{menu_name(_shortened(take.text))} · {when_text(self._texts, take, today())}")
        for deed, key in _TEXTS.items():
            action = entry.addAction(self._texts(key))
            action.triggered.connect(partial(self._settle, SettleHeld(take.session, deed)))
        self.addMenu(entry)
        return entry

    def _settle(self, wish: SettleHeld, _: bool = False) -> None:
        if wish.deed is HeldAction.PASTE:
            QTimer.singleShot(MENU_CLOSES_MS, lambda: self._ask(wish))
        else:
            self._ask(wish)


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
