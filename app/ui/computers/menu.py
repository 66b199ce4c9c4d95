"""Tray submenu that shows and selects where speech goes: this computer or a gateway.

It also offers pairing.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from app.gateways.selection import to_gateway, to_here
from app.gateways.view import GatewaysView, GatewayView
from app.messages.actions import Action
from app.settings.actions import ChangeSetting
from app.ui.computers.wording import goes_text, menu_text
from app.ui.strings.texts import Texts
from app.ui.widgets.untrusted_text import menu_name


class GatewaysMenu(QMenu):
    """Menu whose title says where speech goes now.

    The selected destination has a mark. ``looked``: emitted with True on opening and False on closing. ``add``:
    emitted when the user wants to pair a gateway.
    """

    looked = Signal(bool)
    add = Signal()

    def __init__(self, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._texts, self._ask = texts, ask
        self._view = GatewaysView()
        self._keys: list[tuple[str, str]] = []
        self._group = QActionGroup(self)
        self.here, self.more = QAction(self), QAction(self)
        self.entries: list[QAction] = []
        self._take_in(self.here, lambda: to_here(self._view))
        self.more.triggered.connect(self.add)
        self.aboutToShow.connect(lambda: self.looked.emit(True))
        self.aboutToHide.connect(lambda: self.looked.emit(False))
        self._fill()

    def show_gateways(self, view: GatewaysView) -> None:
        """Show the current gateways.

        An open menu keeps its entries while the set of gateways is the same.
        """
        self._view = view
        if self._keys != [_key(gateway) for gateway in view.gateways]:
            self._fill()
        self.refresh()

    @property
    def where(self) -> str:
        """Destination of speech, as a text for the user."""
        return goes_text(self._texts, self._view)

    def refresh(self) -> None:
        """Update all texts and marks to the current language and state."""
        texts = self._texts
        self.setTitle(menu_name(self.where))
        self.here.setText(texts("place.here"))
        self.more.setText(texts("gateways.tray-add"))
        for entry, gateway in zip(self.entries, self._view.gateways, strict=True):
            entry.setText(menu_name(menu_text(texts, gateway)))
            entry.setChecked(gateway.chosen)
        self.here.setChecked(not any(gateway.chosen for gateway in self._view.gateways))

    def _fill(self) -> None:
        for entry in self.entries:
            self._group.removeAction(entry)
            entry.deleteLater()
        for action in self.actions():
            self.removeAction(action)
        self._keys = [_key(gateway) for gateway in self._view.gateways]
        self.entries = [QAction(self) for _ in self._keys]
        self.addAction(self.here)
        for place, entry in enumerate(self.entries):
            self._take_in(entry, partial(self._to, place))
            self.addAction(entry)
        self.addSeparator()
        self.addAction(self.more)

    def _to(self, place: int) -> tuple[ChangeSetting, ...]:
        return to_gateway(self._view.gateways[place])

    def _take_in(self, entry: QAction, changes: Callable[[], tuple[ChangeSetting, ...]]) -> None:
        entry.setCheckable(True)
        self._group.addAction(entry)

        def chosen() -> None:
            for change in changes():
                self._ask(change)
            self.refresh()  # the marks follow the setting in force, not the click

        entry.triggered.connect(lambda _: chosen())


def _key(gateway: GatewayView) -> tuple[str, str]:
    return gateway.id, gateway.where if not gateway.id else ""
