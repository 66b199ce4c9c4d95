"""Form that lets this computer recognise for another one."""

from collections.abc import Callable
from typing import Final

from app.gateways.pairing_address import GatewayAddress, shown
from app.sharing.actions import EndEnlisting, Enlist, LendingAction
from app.sharing.view import EnlistStage, LendingView
from app.ui.computers.code_form import CodeForm, FormTexts
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from protocol.pairing import PairingLink, clean_code, encode_link

_KEYS: Final = FormTexts(
    "lending.title",
    "lending.to",
    "lending.say",
    "lending.trust",
    "lending.enlist",
    "lending.asking",
    ("lending.pick", "lending.to"),
)


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
        super().__init__(theme, texts, _KEYS, closed)

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
