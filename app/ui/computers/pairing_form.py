"""Form that pairs with another computer and uses it at once."""

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtWidgets import QLabel, QLineEdit

from app.gateways.actions import EndPairing, GatewayAction, PairGateway
from app.gateways.pairing_address import GatewayAddress
from app.gateways.view import FoundView, PairingStage, PairingView
from app.ui.computers.code_form import CodeForm, FormTexts
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, Theme
from app.ui.widgets.basic import label
from protocol.devices import LONGEST_NAME

_KEYS: Final = FormTexts(
    "pairing.title",
    "pairing.title-of",
    "pairing.say",
    "pairing.sends",
    "pairing.go",
    "pairing.asking",
    ("computers.pair", "computers.pair-name"),
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
        self.device_name, self.device = label(size=SCALE.caption, role="muted"), QLineEdit()
        super().__init__(theme, texts, _KEYS, closed)

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
        self.device.setMaxLength(LONGEST_NAME)
        place = self.column.indexOf(self.sends)
        self.column.insertWidget(place, self.device_name)
        self.column.insertWidget(place + 1, self.device)

    def _connect(self) -> None:
        super()._connect()
        self.device.returnPressed.connect(self._send_if_whole)
        self.device.installEventFilter(self)
