"""Forms for entering the code that another computer shows, to use that computer or to recognise for it.

The computer is chosen from those found on the network, or given by its address.
"""

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QFontMetrics
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from app.core.errors import Note
from app.gateways.pairing_address import GatewayAddress, format_code, is_whole, place_of
from app.gateways.view import CHOSEN, EndPairing, FoundView, PairGateway, PairingProgress, PairingView
from app.messages.kinds import Action
from app.settings.sections import ChangeSetting
from app.sharing.view import EndEnlisting, Enlist
from app.ui.computers.wording import problem_text
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SPACING, Theme, font, letter_width
from app.ui.widgets.basic import Card, action_button, fit_longest_name, on_escape, refresh_with, timer
from app.ui.widgets.controls import Field
from app.ui.widgets.panels import FlowRow, bring_into_sight
from app.ui.widgets.parts import (
    Elided,
    delete_widget,
    horizontal,
    label,
    remark,
    set_caption,
    set_visible,
    show_text,
    stretched,
    vertical,
    worded,
)
from protocol.devices import LONGEST_NAME

_LONGEST: Final = 2_000  # characters, enough for a pairing link
_LETTERS: Final = 12
"""Width of the field of the code, in average letters of its font."""


class CodeForm(Card):
    """Form that ``begin`` opens. ``closed`` is called before it closes.

    Subclasses send the request, and use the computer once it has accepted the code.

    ``_kind``: prefix of the keys of texts. ``_end``: the action that cancels the request or dismisses its answer.
    """

    _kind: str
    _end: Action

    def __init__(
        self, theme: Theme, texts: Texts, ask: Callable[[Action], None], closed: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__()
        self._texts, self._ask, self._closed = texts, ask, closed
        self._picked: FoundView | None = None
        self._linked: GatewayAddress | None = None
        self._opened, self._asked, self._asking, self._note = False, False, False, Note("")
        self.heading, self.explanation = label(bold=True, wraps=True), worded(texts, remark(), f"{self._kind}.say")
        self.found = FoundList(texts, self._choose_computer, self._kind)
        self.nobody = worded(texts, remark(), "computers.searching")
        self.sends, self.note = remark(""), remark("")
        self.address_name, self.code_name = (label(size=SCALE.caption, role="muted") for _ in range(2))
        self.address = worded(texts, Field(theme, _LONGEST), placeholderText="pairing.address-hint")
        self.code = worded(texts, Field(theme, _LONGEST), placeholderText="pairing.code-hint")
        self.go = action_button(self._send_if_whole, "primary")
        self.cancel = worded(texts, action_button(self.close_form), "pairing.cancel")
        self.buttons = FlowRow((self.go, self.cancel))
        self._laid_out = timer(self, 0, lambda: bring_into_sight(self))
        self._lay_out()
        self.address.textEdited.connect(lambda _: self._typed_address())
        self.code.textEdited.connect(self._typed_code)
        for _, field, _ in self._fields:
            field.returnPressed.connect(self._send_if_whole)
        on_escape(self, (field for _, field, _ in self._fields), self.close_form)
        self.hide()
        refresh_with(self.refresh, texts, theme)

    # -- subclasses ----------------------------------------------------------------------------------------

    def _send(self, place: GatewayAddress) -> None:
        """Send the request to this computer."""
        raise NotImplementedError

    def _use(self, pairing: PairingView) -> None:
        """Use this computer, which accepted the code."""
        raise NotImplementedError

    @property
    def _fields(self) -> Sequence[tuple[QLabel, QLineEdit, str]]:
        """Triples of a field's label, the field, and the key of the label's text."""
        return (
            (self.address_name, self.address, "pairing.address"),
            (self.code_name, self.code, "pairing.code"),
        )

    # -- values --------------------------------------------------------------------------------------------

    def begin(self, picked: FoundView | None) -> None:
        """Open the form for ``picked``, or with a list and an address field."""
        self._picked, self._linked = picked, None
        self._opened, self._asked, self._asking, self._note = True, False, False, Note("")
        for field in (self.address, self.code):
            field.clear()
        self.refresh()
        self.show()
        self._first.setFocus()
        self._laid_out.start()

    def close_form(self) -> None:
        """Close the form and cancel its request."""
        if not self.isHidden():
            self._opened = self._asked = False
            self._closed()
            self.hide()
            self._ask(self._end)

    def show_found(self, found: Sequence[FoundView]) -> None:
        """List the computers to choose from."""
        self.found.show_found(found)
        self._show()

    @property
    def controls(self) -> tuple[QWidget, ...]:
        """Controls in reading order."""
        picks = (row.pair for row in self.found.rows)
        return *picks, *(field for _, field, _ in self._fields), *self.buttons.controls

    @property
    def lists(self) -> bool:
        """True while the form lists the computers found."""
        return self._opened and self._picked is None

    @property
    def _first(self) -> QWidget:
        """First control that the user needs."""
        if self._picked is not None:
            return self.code
        return self.found.rows[0].pair if self.found.rows else self.address

    def show_pairing(self, view: PairingView) -> None:
        """Show the progress of this form's request; use the computer once it has accepted the code."""
        if not self._asked:
            return
        if view.stage is PairingProgress.PAIRED:
            self.close_form()
            return self._use(view)
        failed = self._asking and view.note is not None
        self._asking, self._note = view.stage is PairingProgress.ASKING, view.note or Note("")
        self._show()
        if failed:
            self.code.setFocus()
            self.code.selectAll()

    def refresh(self) -> None:
        """Update everything to the current language, fonts and colours."""
        texts = self._texts
        for name, field, key in self._fields:
            name.setText(texts(key))
            name.setBuddy(field)
            field.setAccessibleName(texts(key))
        self.found.show_found([row.found for row in self.found.rows], again=True)
        digits = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        digits.setPointSizeF(font(SCALE.heading).pointSizeF())
        self.code.setFont(digits)
        self.code.setMaximumWidth(letter_width(QFontMetrics(digits)) * _LETTERS + 2 * SPACING.wide)
        fit_longest_name(self.go, (texts("pairing.again"), texts(f"{self._kind}.go")))
        self._show()

    # -- display -------------------------------------------------------------------------------------------

    def _show(self) -> None:
        texts, kind, picked = self._texts, self._kind, self._picked
        name = picked.name if picked else ""
        self.heading.setText(texts(f"{kind}.to", gateway=name) if name else texts(f"{kind}.title"))
        self.setAccessibleName(self.heading.text())
        self.sends.setText(texts(f"{kind}.sends", gateway=name or texts("pairing.sends-to-it")))
        self.go.setText(texts("pairing.again") if self._note.key else texts(f"{kind}.go"))
        set_visible(picked is None, self.address_name, self.address)
        self.found.setVisible(picked is None and bool(self.found.rows))
        self.nobody.setVisible(picked is None and not self.found.rows)
        for _, field, _ in self._fields:
            field.setEnabled(not self._asking)
        self.found.setEnabled(not self._asking)
        text, role = self._sentence()
        show_text(self.note, text, role)
        whole = self._gateway_address is not None and is_whole(self.code.text())
        self.go.setEnabled(not self._asking and whole)
        self.buttons.arrange()
        self.updateGeometry()

    def _sentence(self) -> tuple[str, str]:
        texts = self._texts
        if self._asking:
            return texts(f"{self._kind}.asking"), "muted"
        if self._note.key:
            return problem_text(texts, self._note), "warning"
        wrong = self._picked is None and bool(self.address.text().strip()) and self._gateway_address is None
        return (texts("pairing.bad-address"), "warning") if wrong else ("", "muted")

    # -- user actions --------------------------------------------------------------------------------------

    @property
    def _gateway_address(self) -> GatewayAddress | None:
        if self._linked is not None:
            return self._linked
        if self._picked is not None:
            return GatewayAddress(self._picked.urls, certificate_sha256=self._picked.certificate_sha256)
        return place_of(self.address.text())

    def _choose_computer(self, found: FoundView) -> None:
        self._picked = found
        self._code_edited()
        self.code.setFocus()

    def _typed_address(self) -> None:
        place = place_of(self.address.text())
        self._linked = place if place and place.code else None
        if place and place.code:  # a pairing link contains the code
            self.code.setText(format_code(place.code))
        self._code_edited()

    def _typed_code(self, typed: str) -> None:
        place = place_of(typed)
        if place is not None and place.code:
            self._picked = None
            self.address.setText(typed.strip())
            return self._typed_address()
        before = format_code(typed[: self.code.cursorPosition()])
        self.code.setText(format_code(typed))
        self.code.setCursorPosition(len(before))
        self._code_edited()

    def _code_edited(self) -> None:
        if self._note.key:
            self._note, self._asked = Note(""), False
        self._show()

    def _send_if_whole(self) -> None:
        place = self._gateway_address
        if self.go.isEnabled() and place is not None:
            self._asked = True
            self._send(place)

    def _lay_out(self) -> None:
        self.code.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly)
        head = (self.heading, self.explanation, self.found, self.nobody)
        fields = (part for name, field, _ in self._fields for part in (name, field))
        foot = (self.sends, self.buttons, self.note)  # the note is last, so it moves no button
        vertical(*head, *fields, *foot, within=self, margins=SPACING.large)


class FoundRow(QWidget):
    """Row of one gateway, with a button to pair."""

    def __init__(self, texts: Texts, pair: Callable[[FoundView], None], found: FoundView, kind: str) -> None:
        super().__init__()
        self.found = found
        self.name, self.pair = Elided(1), action_button(lambda: pair(found))
        horizontal(stretched(self.name), self.pair, within=self)
        self.name.show_text(found.name)
        set_caption(self.pair, texts(f"{kind}.pick"), texts(f"{kind}.to", gateway=found.name))


class FoundList(QWidget):
    """List of all found gateways.

    ``pair``: called with the gateway that the user chooses. ``kind``: prefix of the keys of texts.
    """

    def __init__(self, texts: Texts, pair: Callable[[FoundView], None], kind: str = "pairing") -> None:
        super().__init__()
        self._texts, self._pair, self._kind = texts, pair, kind
        self.rows: list[FoundRow] = []
        self._column = vertical(within=self)
        self.hide()

    def show_found(self, found: Sequence[FoundView], *, again: bool = False) -> None:
        """Show these gateways in the list.

        The rows are rebuilt only if the gateways changed, or if ``again`` is set because the language changed.
        """
        if not again and [row.found for row in self.rows] == list(found):
            return
        focused = next((row.found for row in self.rows if row.pair.hasFocus()), None)
        for row in self.rows:
            delete_widget(row, self._column)
        self.rows = [FoundRow(self._texts, self._pair, one, self._kind) for one in found]
        for row in self.rows:
            self._column.addWidget(row)
            if row.found == focused:
                row.pair.setFocus()
        self.setVisible(bool(self.rows))


class PairingForm(CodeForm):
    """Form to pair with a computer, and to use it from then on."""

    _kind, _end = "pairing", EndPairing()

    def __init__(
        self, theme: Theme, texts: Texts, ask: Callable[[Action], None], closed: Callable[[], None] = lambda: None
    ) -> None:
        self.device_name, self.device = label(size=SCALE.caption, role="muted"), Field(theme, LONGEST_NAME)
        super().__init__(theme, texts, ask, closed)

    def open(self, found: FoundView | None, device: str) -> None:
        """Open the form for ``found``, or with a list and an address field if it is ``None``.

        ``device``: name of this computer.
        """
        self.device.setText(device)
        self.begin(found)

    def _send(self, place: GatewayAddress) -> None:
        self._ask(PairGateway(place.urls, self.code.text(), self.device.text(), place.certificate_sha256))

    def _use(self, pairing: PairingView) -> None:
        self._ask(ChangeSetting(CHOSEN, pairing.gateway))

    @property
    def _fields(self) -> Sequence[tuple[QLabel, QLineEdit, str]]:
        return (*super()._fields, (self.device_name, self.device, "pairing.device"))


class LendingForm(CodeForm):
    """Form to lend this computer's recognition. ``lent``: called with the name of the other computer."""

    _kind, _end = "lending", EndEnlisting()

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[Action], None],
        lent: Callable[[str], None],
        closed: Callable[[], None] = lambda: None,
    ) -> None:
        self._lent = lent
        super().__init__(theme, texts, ask, closed)

    def _send(self, place: GatewayAddress) -> None:
        self._ask(Enlist(place.urls, self.code.text(), place.certificate_sha256))

    def _use(self, pairing: PairingView) -> None:
        self._lent(pairing.name)
