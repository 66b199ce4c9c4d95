"""The forms for a code: use another computer, or recognise for one."""

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtWidgets import QLabel, QLineEdit

from app.gateways.actions import EndPairing, GatewayAction, PairGateway
from app.gateways.pairing_address import GatewayAddress, shown
from app.gateways.view import FoundView, PairingStage, PairingView
from app.sharing.actions import EndEnlisting, Enlist, LendingAction
from app.sharing.view import EnlistStage, LendingView
from app.ui.computers.code_form import CodeForm, FormTexts
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, Theme
from app.ui.widgets.controls import Field
from app.ui.widgets.parts import label
from protocol.devices import LONGEST_NAME
from protocol.pairing import PairingLink, clean_code, encode_link

_PAIRING: Final = FormTexts(
    "pairing.title",
    "pairing.title-of",
    "pairing.say",
    "pairing.sends",
    "pairing.go",
    "pairing.asking",
    ("computers.pair", "computers.pair-name"),
)
_LENDING: Final = FormTexts(
    "lending.title",
    "lending.to",
    "lending.say",
    "lending.trust",
    "lending.enlist",
    "lending.asking",
    ("lending.pick", "lending.to"),
)


class PairingForm(CodeForm):
    """Form to pair with one computer. ``use``: called with the id of the paired one."""

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[GatewayAction], None],
        use: Callable[[str], None],
        closed: Callable[[], None] = lambda: None,
    ) -> None:
        self._ask, self._use = ask, use
        self.device_name, self.device = label(size=SCALE.caption, role="muted"), Field(theme, LONGEST_NAME)
        super().__init__(theme, texts, _PAIRING, closed)

    def open(self, found: FoundView | None, device: str) -> None:
        """Open the form for ``found``, or with a list and an address field if it is ``None``.

        ``device``: name of this computer.
        """
        self.device.setText(device)
        self.begin(found)

    def show_pairing(self, view: PairingView) -> None:
        """Show the progress of the pairing that this form requested; use the computer once it is paired."""
        if not self._asked:
            return
        if view.stage is PairingStage.PAIRED:
            self.close_form()
            self._use(view.gateway)
        else:
            self._answer(asking=view.stage is PairingStage.ASKING, note=view.note)

    def _send(self, place: GatewayAddress) -> None:
        self._ask(PairGateway(place.urls, self.code.text(), self.device.text(), place.certificate_sha256))

    def _end(self) -> None:
        self._ask(EndPairing())

    @property
    def _fields(self) -> Sequence[tuple[QLabel, QLineEdit, str]]:
        return (*super()._fields, (self.device_name, self.device, "pairing.device"))

    def _lay_out(self) -> None:
        super()._lay_out()
        place = self.column.indexOf(self.sends)
        self.column.insertWidget(place, self.device_name)
        self.column.insertWidget(place + 1, self.device)


class LendingForm(CodeForm):
    """Form to lend this computer's recognition. ``lent``: called with the name of the other computer."""

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[LendingAction], None],
        lent: Callable[[str], None],
        closed: Callable[[], None] = lambda: None,
    ) -> None:
        self._ask, self._lent = ask, lent
        super().__init__(theme, texts, _LENDING, closed)

    def show_lending(self, view: LendingView) -> None:
        """Show the progress of the request of this form."""
        if not self._asked:
            return
        if view.stage is EnlistStage.DONE:
            self.close_form()
            self._lent(view.gateway)
        else:
            self._answer(asking=view.stage is EnlistStage.ASKING, note=view.note)

    def _send(self, place: GatewayAddress) -> None:
        """Ask all known addresses; a computer from the network must present its certificate."""
        code = self.code.text()
        if place.certificate_sha256:
            link = PairingLink(place.urls, clean_code(code), place.certificate_sha256)
            self._ask(Enlist(encode_link(link)))
        else:
            self._ask(Enlist(shown(place.urls[0]), code))

    def _end(self) -> None:
        self._ask(EndEnlisting())
