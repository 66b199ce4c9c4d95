"""Pairing within the first steps: by a gateway's code, found on the network or by address."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from app.gateways.actions import GatewayAction, LookAtGateways
from app.gateways.selection import CHOSEN
from app.gateways.view import FoundView, GatewaysView
from app.messages.actions import Action
from app.settings.actions import ChangeSetting
from app.ui.computers.found_list import FoundList
from app.ui.computers.pairing_form import PairingForm
from app.ui.onboarding.step_page import tell
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SPACING, Theme
from app.ui.widgets.basic import label

_WHO = "first steps"


class PairingPart(QWidget):
    """Form that pairs with a gateway and, if the user agrees, chooses it at once."""

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[Action], None],
        ask_gateways: Callable[[GatewayAction], None],
    ) -> None:
        super().__init__()
        self._texts, self._ask_gateways = texts, ask_gateways
        self._view, self._looks = GatewaysView(), False
        self.paired, self.pair = label(), QPushButton()
        self.found = FoundList(texts, self._open)
        self.form = PairingForm(
            theme, texts, ask_gateways, lambda gateway: ask(ChangeSetting(CHOSEN, gateway)), self._closed
        )
        self.paired.setWordWrap(True)
        self.pair.clicked.connect(lambda: self._open(None))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.small)
        column.addWidget(self.pair, alignment=Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.form)
        for widget in (self.found, self.paired):  # new entries move neither button nor form
            column.addWidget(widget)
        self.refresh()

    def look(self, on: bool) -> None:
        """Start or stop the search for gateways; safe to call twice."""
        if on is not self._looks:
            self._looks = on
            self._ask_gateways(LookAtGateways(on, _WHO))
            if not on:
                self.form.close_form()

    def show_gateways(self, view: GatewaysView) -> None:
        """Show the gateways found and the progress of pairing."""
        self._view = view
        self.found.show_found(view.found)
        self.form.show_pairing(view.pairing)
        self._tell()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        self.pair.setText(self._texts("onboarding.pair"))
        self.found.show_found(self._view.found, again=True)
        self._tell()

    def _tell(self) -> None:
        name = next((one.name for one in self._view.gateways if one.chosen and one.id), "")
        tell(self.paired, self._texts("onboarding.paired-with", gateway=name) if name else "", "")

    def _open(self, found: FoundView | None) -> None:
        self.form.open(found, self._view.device)
        self.pair.setEnabled(False)

    def _closed(self) -> None:
        self.pair.setEnabled(True)
        self.pair.setFocus()
