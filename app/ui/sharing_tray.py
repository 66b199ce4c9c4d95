"""The tray's entries for lending: one for each gateway elsewhere that is worked for, or one to find the first."""

from collections.abc import Callable

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from app.sharing.actions import Lend, LendingAction
from app.sharing.view import LendingView, LentView
from app.ui.foreign_text import menu_name
from app.ui.sharing_wording import lent_text
from app.ui.texts import Texts


class LentEntries:
    """They stand in ``menu`` before ``before``, and follow what is in force, not the click.

    ``begin``: somebody wants to lend, and there is no gateway yet.
    """

    def __init__(self, menu: QMenu, before: QAction, texts: Texts) -> None:
        self.ask: Callable[[LendingAction], None] = lambda action: None
        self.begin: Callable[[], None] = lambda: None
        self.entries: dict[str, QAction] = {}
        self.first = QAction(menu)
        self.first.triggered.connect(lambda: self.begin())
        menu.insertAction(before, self.first)
        self._menu, self._before, self._texts = menu, before, texts
        self._lent: tuple[LentView, ...] = ()
        texts.changed.connect(self._show)
        self._show()

    def show_lending(self, view: LendingView) -> None:
        """As it is now."""
        self._lent = view.lent
        self._show()

    def _show(self) -> None:
        self.first.setText(self._texts("lending.tray-first"))
        self.first.setVisible(not self._lent)
        for gone in self.entries.keys() - {lent.id for lent in self._lent}:
            self._menu.removeAction(self.entries[gone])
            self.entries.pop(gone).deleteLater()
        for lent in self._lent:
            entry = self.entries.get(lent.id) or self._new_entry(lent.id)
            entry.setText(menu_name(lent_text(self._texts, lent)))
            entry.setChecked(lent.on)

    def _new_entry(self, gateway: str) -> QAction:
        entry = self.entries[gateway] = QAction(self._menu)
        entry.setCheckable(True)
        entry.triggered.connect(lambda on: self._switch(gateway, on))
        self._menu.insertAction(self._before, entry)
        return entry

    def _switch(self, gateway: str, on: bool) -> None:
        self._show()
        self.ask(Lend(gateway, on))
