"""Panel that selects where speech is recognised: on this computer or by a gateway.

It also offers pairing.
"""

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QFrame, QPushButton, QVBoxLayout, QWidget

from app.gateways.actions import GatewayAction, LookAtGateways
from app.gateways.selection import CHOSEN, to_here
from app.gateways.view import FoundView, GatewaysView
from app.messages.actions import Action
from app.settings.actions import ChangeSetting
from app.ui.computers.found_list import FoundList
from app.ui.computers.gateway_card import GatewayCard
from app.ui.computers.pairing_form import PairingForm
from app.ui.computers.wording import here_text
from app.ui.onboarding.step_page import tell
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import label


class GatewaysPanel(QWidget):
    """Panel of all gateways, updated while it is visible.

    ``ask``: called with changes of settings. ``ask_gateways``: called with all other actions. ``shown``: emitted
    with the view that the panel shows.
    """

    shown = Signal(object)

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[Action], None],
        ask_gateways: Callable[[GatewayAction], None],
    ) -> None:
        super().__init__()
        self._theme, self._texts, self._ask, self._ask_gateways = theme, texts, ask, ask_gateways
        self._view = GatewaysView()
        self.heading = label(bold=True)
        self.problem, self.told = (
            label(size=SCALE.caption, role="warning"),
            label(size=SCALE.caption, role="muted"),
        )
        self.here = GatewayCard(theme, texts, ask_gateways, lambda _: self.choose_here())
        self.cards: dict[str, GatewayCard] = {}
        self.others, self.none = label(bold=True), label(size=SCALE.caption, role="muted")
        self.add = QPushButton()
        self.form = PairingForm(theme, texts, ask_gateways, self.choose, self._form_closed)
        self.found = FoundList(texts, self.open_form)
        self._list = QVBoxLayout()
        self._lay_out()
        self.add.clicked.connect(lambda: self.open_form(None))
        texts.changed.connect(self.refresh)
        theme.changed.connect(self.refresh)
        self.refresh()

    def show_gateways(self, view: GatewaysView) -> None:
        """Show the current gateways."""
        self._view = view
        self.form.show_pairing(view.pairing)
        self._show()
        self.shown.emit(view)

    def words(self) -> Iterable[str]:
        """Yield the words by which the settings search finds this panel."""
        yield from (self._texts("gateways.find"), self._texts("gateways.name"), self._texts("gateways.found"))
        yield from (gateway.name for gateway in self._view.gateways)

    def choose(self, gateway: str) -> None:
        """Ask to send speech to this gateway from now on."""
        self._ask(ChangeSetting(CHOSEN, gateway))

    def choose_here(self) -> None:
        """Ask to recognise speech on this computer from now on."""
        for change in to_here(self._view):
            self._ask(change)

    def open_form(self, found: FoundView | None) -> None:
        """Open the pairing form for ``found``, or with an address field."""
        self.form.open(found, self._view.device)
        self.add.setEnabled(False)

    def refresh(self) -> None:
        """Update everything to the current language and colours."""
        texts = self._texts
        self.heading.setText(texts("gateways.name"))
        self.others.setText(texts("gateways.found"))
        self.none.setText(texts("gateways.looking"))
        self.add.setText(texts("gateways.add"))
        self.found.show_found(self._view.found, again=True)
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        """Start health checks: gateways are checked only while the panel is visible."""
        self._ask_gateways(LookAtGateways(True))

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop the health checks of gateways.

        An open form keeps its input, as the window may only be minimised.
        """
        self._ask_gateways(LookAtGateways(False))

    # -- display -------------------------------------------------------------------------------------------

    def _show(self) -> None:
        view, texts = self._view, self._texts
        chosen = any(gateway.chosen for gateway in view.gateways)
        self.here.show_here(texts("place.here"), here_text(texts, view), chosen=not chosen)
        known = {gateway.id or gateway.where for gateway in view.gateways}
        for key in [key for key in self.cards if key not in known]:
            self._drop(key)
        for gateway in view.gateways:
            key = gateway.id or gateway.where
            if key not in self.cards:
                self.cards[key] = self._new_card()
            self.cards[key].show_gateway(gateway)
        self.found.show_found(view.found)
        self.none.setVisible(not view.found)
        tell(self.problem, note_text(texts, view.problem) if view.problem else "", "warning")
        tell(self.told, note_text(texts, view.told) if view.told else "", "muted")

    def _new_card(self) -> GatewayCard:
        card = GatewayCard(self._theme, self._texts, self._ask_gateways, self.choose)
        self._list.addWidget(card)
        return card

    def _drop(self, key: str) -> None:
        card = self.cards.pop(key)
        focus = QApplication.focusWidget()
        focused = focus is not None and card.isAncestorOf(focus)
        self._list.removeWidget(card)
        card.hide()
        card.deleteLater()
        if focused:
            self.here.pick.setFocus()

    def _form_closed(self) -> None:
        self.add.setEnabled(True)
        self.add.setFocus()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.medium)
        self._list.setSpacing(SPACING.medium)
        for words in (self.heading, self.problem, self.told, self.none):
            words.setWordWrap(True)
        network = QFrame()
        network.setProperty("role", "card")
        inside = QVBoxLayout(network)
        inside.setContentsMargins(SPACING.large, SPACING.medium, SPACING.large, SPACING.medium)
        inside.setSpacing(SPACING.small)
        inside.addWidget(self.others)
        inside.addWidget(self.none)
        inside.addWidget(self.found)
        inside.addWidget(self.add, alignment=Qt.AlignmentFlag.AlignLeft)
        for widget in (self.heading, self.problem, self.told, self.here):
            column.addWidget(widget)
        column.addLayout(self._list)
        column.addWidget(network)
        column.addWidget(self.form)
