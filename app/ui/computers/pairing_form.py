"""Pairing form: the user types the code that another computer shows, and reads what will be sent where."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QFrame, QLineEdit, QPushButton, QVBoxLayout

from app.gateways.actions import EndPairing, GatewayAction, PairGateway
from app.gateways.pairing_address import GatewayAddress, grouped, is_whole, place_of
from app.gateways.view import FoundView, PairingStage, PairingView
from app.ui.onboarding.step_page import tell
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme.theme import SCALE, SPACING, Theme, font
from app.ui.widgets.basic import control_height, label, make_room
from app.ui.widgets.flow_layout import FlowRow
from app.ui.widgets.panels import bring_into_sight
from protocol.devices import LONGEST_NAME

_LONGEST: Final = 1_000  # characters, enough for a pairing link


class PairingForm(QFrame):
    """Form to pair with one gateway.

    ``use``: called with the id of the paired gateway if the user selects it.
    """

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[GatewayAction], None],
        use: Callable[[str], None],
        closed: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self._texts, self._ask, self._use, self._closed = texts, ask, use, closed
        self._found: FoundView | None = None
        self._linked: GatewayAddress | None = None
        self._asked = False
        self._view = PairingView()
        self.setProperty("role", "card")
        self.heading, self.say = label(bold=True), label(size=SCALE.caption, role="muted")
        self.sends, self.note = label(size=SCALE.caption), label(size=SCALE.caption)
        self.names = [label(size=SCALE.caption, role="muted") for _ in range(3)]
        self.address, self.code, self.device = QLineEdit(), QLineEdit(), QLineEdit()
        self.go, self.cancel, self.use, self.later = (QPushButton() for _ in range(4))
        for button in (self.go, self.use):
            button.setProperty("role", "primary")
        self.buttons = FlowRow((self.go, self.use, self.later, self.cancel))
        self._laid_out = QTimer(self, singleShot=True, interval=0)
        self._laid_out.timeout.connect(lambda: bring_into_sight(self))
        self._lay_out()
        self._connect()
        self.hide()
        texts.changed.connect(self.refresh)
        theme.changed.connect(self.refresh)
        self.refresh()

    @property
    def first(self) -> QLineEdit:
        """First field that the user fills in."""
        return self.code if self._found else self.address

    def open(self, found: FoundView | None, device: str) -> None:
        """Open the form for ``found``, or with an address field if it is ``None``.

        ``device``: name of this computer.
        """
        self._found, self._linked, self._asked, self._view = found, None, False, PairingView()
        for field in (self.address, self.code):
            field.clear()
        self.device.setText(device)
        self.refresh()
        self.show()
        self.first.setFocus()
        self._laid_out.start()

    def close_form(self) -> None:
        """Close the form and end pairing."""
        if not self.isHidden():
            self.hide()
            self._ask(EndPairing())
            self._closed()

    def show_pairing(self, view: PairingView) -> None:
        """Show the progress of the pairing that this form requested."""
        if self._asked and view != self._view:
            before, self._view = self._view, view
            self.refresh()
            if view.stage is PairingStage.PAIRED:
                self.use.setFocus()
            elif view.stage is PairingStage.REFUSED and before.stage is PairingStage.ASKING:
                self.code.setFocus()
                self.code.selectAll()

    def refresh(self) -> None:
        """Update everything to the current language, fonts and colours."""
        texts, name = self._texts, self._name
        paired = self._view.stage is PairingStage.PAIRED
        title = texts("pairing.title-of", gateway=name) if name else texts("pairing.title")
        self.heading.setText(texts("pairing.done", gateway=name) if paired else title)
        self.setAccessibleName(self.heading.text())
        self.say.setText(texts("pairing.say"))
        to = name or texts("pairing.sends-to-it")
        self.sends.setText(texts("pairing.done-says" if paired else "pairing.sends", gateway=to))
        named = (texts("pairing.address"), texts("pairing.code"), texts("pairing.device"))
        for shown, field, said in zip(self.names, (self.address, self.code, self.device), named, strict=True):
            shown.setText(said)
            shown.setBuddy(field)
            field.setAccessibleName(said)
            field.setFont(font())
            field.setMinimumHeight(control_height())
        code = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        code.setPointSizeF(font(SCALE.heading).pointSizeF())
        self.code.setFont(code)
        self.address.setPlaceholderText(texts("pairing.address-hint"))
        self.code.setPlaceholderText(texts("pairing.code-hint"))
        self.use.setText(texts("pairing.use"))
        self.later.setText(texts("pairing.later"))
        self.cancel.setText(texts("pairing.cancel"))
        make_room(self.go, (texts("pairing.again"), texts("pairing.go")))
        self._show()

    @property
    def _name(self) -> str:
        return self._view.name or (self._found.name if self._found else "")

    def _show(self) -> None:
        texts, view = self._texts, self._view
        asking, paired = view.stage is PairingStage.ASKING, view.stage is PairingStage.PAIRED
        refused = view.stage is PairingStage.REFUSED
        self.go.setText(texts("pairing.again") if refused else texts("pairing.go"))
        for widget in (self.say, *self.names, self.address, self.code, self.device, self.go, self.cancel):
            widget.setVisible(not paired)
        for widget in (self.names[0], self.address):
            widget.setVisible(not paired and self._found is None)
        for button in (self.use, self.later):
            button.setVisible(paired)
        for field in (self.address, self.code, self.device):
            field.setEnabled(not asking)
        said, role = self._said()
        tell(self.note, said, role)
        self.go.setEnabled(not asking and self._place is not None and is_whole(self.code.text()))
        self.buttons.arrange()
        self.updateGeometry()

    def _said(self) -> tuple[str, str]:
        texts, view = self._texts, self._view
        if view.stage is PairingStage.ASKING:
            return texts("pairing.asking"), "muted"
        if view.note is not None:
            return note_text(texts, view.note), "warning"
        wrong = self._found is None and bool(self.address.text().strip()) and self._place is None
        return (texts("pairing.bad-address"), "warning") if wrong else ("", "muted")

    # -- user actions --------------------------------------------------------------------------------------

    @property
    def _place(self) -> GatewayAddress | None:
        if self._linked is not None:
            return self._linked
        if self._found is not None:
            return GatewayAddress(self._found.urls, certificate_sha256=self._found.certificate_sha256)
        return place_of(self.address.text())

    def _typed_address(self) -> None:
        place = place_of(self.address.text())
        self._linked = place if place and place.code else None
        if place and place.code:  # a pairing link contains the code
            self.code.setText(grouped(place.code))
        self._edited()

    def _typed_code(self, typed: str) -> None:
        place = place_of(typed)
        if place is not None and place.code:
            self.address.setText(typed.strip())
            return self._typed_address()
        self.code.setText(grouped(typed))
        self._edited()

    def _edited(self) -> None:
        if self._view.stage is PairingStage.REFUSED:
            self._view, self._asked = PairingView(), False
        self._show()

    def _pair(self) -> None:
        place = self._place
        if not self.go.isEnabled() or place is None:
            return
        self._asked = True
        self._ask(PairGateway(place.urls, self.code.text(), self.device.text(), place.certificate_sha256))

    def _choose(self) -> None:
        self._use(self._view.gateway)
        self.close_form()

    def _connect(self) -> None:
        self.address.textEdited.connect(lambda _: self._typed_address())
        self.code.textEdited.connect(self._typed_code)
        for field in (self.address, self.code, self.device):
            field.returnPressed.connect(self._pair)
        self.go.clicked.connect(self._pair)
        self.use.clicked.connect(self._choose)
        for button in (self.later, self.cancel):
            button.clicked.connect(self.close_form)

    def _lay_out(self) -> None:
        self.address.setMaxLength(_LONGEST)
        self.code.setMaxLength(_LONGEST)
        self.code.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly)
        self.device.setMaxLength(LONGEST_NAME)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING.large, SPACING.large, SPACING.large, SPACING.large)
        column.setSpacing(SPACING.small)
        for words in (self.heading, self.say, self.sends, self.note):
            words.setWordWrap(True)
        column.addWidget(self.heading)
        column.addWidget(self.say)
        for name, field in zip(self.names, (self.address, self.code, self.device), strict=True):
            column.addWidget(name)
            column.addWidget(field)
        for widget in (self.sends, self.buttons, self.note):  # the note is last, so it moves no button
            column.addWidget(widget)
