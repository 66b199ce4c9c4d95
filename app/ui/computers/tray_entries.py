"""Tray entries for lending: one per gateway that this computer is lent to, or one to choose the first."""

from collections.abc import Callable

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from app.sharing.actions import Lend, LendingAction
from app.sharing.view import LendingView, LentView
from app.ui.computers.wording import lent_text
from app.ui.strings.texts import Texts
from app.ui.widgets.untrusted_text import menu_name


class LentEntries:
    """Entries inserted into ``menu`` above ``before``; their marks follow the state in effect, not the click.

    ``begin`` is called when the user wants to lend and no gateway is known yet.
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
        """Show the gateways that this computer is lent to."""
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
