"""Dialog that lends this computer's worker to another gateway: choice, code and result."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QHideEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from app.core.states import State
from app.gateways.actions import GatewayAction, LookAtGateways
from app.gateways.pairing_address import grouped, is_whole, place_of, shown
from app.gateways.view import FoundView, GatewaysView
from app.sharing.actions import EndEnlisting, Enlist, LendingAction
from app.sharing.lending_candidates import nearby
from app.sharing.view import EnlistStage, LendingView
from app.ui.computers.found_list import FoundList
from app.ui.computers.invite_dialog import paint_primary
from app.ui.onboarding.step_page import tell, wrapping
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme.theme import SCALE, SPACING, Theme, font
from app.ui.widgets.basic import Shape, control_height, label
from app.ui.widgets.flow_layout import FlowRow
from app.ui.widgets.panels import DialogBody
from protocol.pairing import PairingLink, clean_code, encode_link

_WHO: Final = "lending"
_LETTERS: Final = 52
_ANSWER_LINES: Final = 2
_LONGEST: Final = 2_000
_LONGEST_CODE: Final = 32


class EnlistDialog(QDialog):
    """Dialog opened by ``begin`` that lends the worker to another gateway.

    While visible, it searches for gateways; a clicked gateway needs only its code.
    """

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[LendingAction], None],
        ask_gateways: Callable[[GatewayAction], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._texts, self._ask, self._ask_gateways = texts, ask, ask_gateways
        self._view, self._asked, self._wrong = LendingView(), False, ""
        self._gateways = GatewaysView()
        self._picked: FoundView | None = None
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.heading, self.says = label(size=SCALE.heading, bold=True), label(role="muted")
        self.found_name, self.nobody = label(bold=True), label(size=SCALE.caption, role="muted")
        self.found = FoundList(texts, self._pick, ("lending.pick", "lending.to"))
        self.where_name, self.where = label(size=SCALE.caption, role="muted"), QLineEdit()
        self.code_name, self.code = label(size=SCALE.caption, role="muted"), QLineEdit()
        self.where.setMaxLength(_LONGEST)
        self.code.setMaxLength(_LONGEST_CODE)
        self.trust = label(size=SCALE.caption, role="warning")
        self.shape, self.told = Shape(theme, State.DONE), label()
        self.enlist, self.close_button = QPushButton(), QPushButton()
        self._body = DialogBody(self)
        self.buttons = FlowRow((self.enlist, self.close_button))
        wrapping([self.heading, self.says, self.nobody, self.trust, self.told])
        self._lay_out()
        self.where.textChanged.connect(self._edited)
        self.code.textEdited.connect(self._group)
        self.code.textChanged.connect(self._edited)
        self.enlist.clicked.connect(self._enlist)
        self.close_button.clicked.connect(self.reject)
        self.finished.connect(self._finished)
        texts.changed.connect(self.refresh)
        theme.changed.connect(self.refresh)
        self.refresh()

    def begin(self) -> None:
        """Open the dialog with empty fields."""
        self._asked = False
        self.where.clear()
        self.code.clear()
        self.refresh()
        self.open()
        (self.found.rows[0].pair if self.found.rows else self.where).setFocus()

    def show_lending(self, view: LendingView) -> None:
        """Show the progress of lending."""
        self._view = view
        self._show()

    def show_gateways(self, view: GatewaysView) -> None:
        """Show the paired gateways and those found on the network."""
        self._gateways = view
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        """Start the search for gateways."""
        super().showEvent(event)
        self._ask_gateways(LookAtGateways(True, _WHO))

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop the search for gateways."""
        super().hideEvent(event)
        self._ask_gateways(LookAtGateways(False, _WHO))

    def refresh(self) -> None:
        """Update all texts to the current language and colours."""
        texts = self._texts
        self.setWindowTitle(texts("lending.title"))
        self.found_name.setText(texts("gateways.found"))
        self.nobody.setText(texts("gateways.looking"))
        self.found.show_found(nearby(self._gateways, self._view.lent), again=True)
        self.says.setText(texts("lending.enlist-says"))
        self.trust.setText(texts("lending.trust"))
        for name, field, key in ((self.where_name, self.where, "where"), (self.code_name, self.code, "code")):
            name.setText(texts(f"lending.{key}"))
            field.setAccessibleName(texts(f"lending.{key}"))
            field.setPlaceholderText(texts(f"lending.{key}-hint"))
            field.setFont(font())
            field.setMinimumHeight(control_height())
        self.heading.setMinimumWidth(QFontMetrics(font()).averageCharWidth() * _LETTERS)
        self._show()

    # -- user actions --------------------------------------------------------------------------------------

    def _group(self, typed: str) -> None:
        if (better := grouped(typed)) != typed and self.code.cursorPosition() == len(typed):
            self.code.setText(better)

    def _pick(self, found: FoundView) -> None:
        self.where.setText(shown(found.urls[0]))
        self._picked = found
        self.code.setFocus()
        self._show()

    def _edited(self) -> None:
        self._wrong, self._asked = "", False
        if self._picked and self.where.text() != shown(self._picked.urls[0]):
            self._picked = None
        place = place_of(self.where.text())
        self._linked = bool(place and place.code)
        self._show()

    def _enlist(self) -> None:
        place = place_of(self.where.text())
        if place is None:
            self._wrong = "lending.bad-where"
        elif not (place.code or is_whole(self.code.text())):
            self._wrong = "lending.bad-code"
        else:
            self._wrong, self._asked = "", True
            self._ask(self._wish(linked=bool(place.code)))
        self._show()

    def _wish(self, *, linked: bool) -> Enlist:
        """Return the request to lend.

        A gateway from the network is asked at all its addresses and must present its certificate.
        """
        found, code = self._picked, self.code.text()
        if found and found.certificate_sha256:
            return Enlist(encode_link(PairingLink(found.urls, clean_code(code), found.certificate_sha256)))
        return Enlist(self.where.text(), "" if linked else code)

    def _finished(self) -> None:
        self._asked = False
        self._ask(EndEnlisting())

    # -- display -------------------------------------------------------------------------------------------

    _linked = False

    def _show(self) -> None:
        texts, stage = self._texts, self._view.stage if self._asked else EnlistStage.NONE
        done, asking = stage is EnlistStage.DONE, stage is EnlistStage.ASKING
        self._show_found(done=done)
        self._answer.setMinimumHeight(0 if done else QFontMetrics(font()).lineSpacing() * _ANSWER_LINES)
        for part in (self.says, self.where_name, self.where, self.trust):
            part.setVisible(not done)
        for part in (self.code_name, self.code):
            part.setVisible(not done and not self._linked)
        for field in (self.found, self.where, self.code, self.enlist):
            field.setEnabled(not asking)
        said, bad = self._said(stage)
        tell(self.told, said, "warning" if bad else "")
        self.shape.show_state(State.FAILED if bad else State.DONE if done else State.ARMING, said)
        self.shape.setVisible(bool(said))
        self.enlist.setText(texts("lending.enlist"))
        self.enlist.setVisible(not done)
        self.enlist.setDefault(True)
        paint_primary(self.enlist, True)
        self.close_button.setText(texts("lending.close" if done else "lending.cancel"))
        self.buttons.arrange()
        self._body.fit()

    def _show_found(self, *, done: bool) -> None:
        found = () if done else nearby(self._gateways, self._view.lent)
        self.found.show_found(found)
        self.found_name.setVisible(not done)
        self.nobody.setVisible(not done and not found)
        name = self._picked.name if self._picked else ""
        self.heading.setText(self._texts("lending.to", gateway=name) if name else self._texts("lending.title"))

    def _said(self, stage: EnlistStage) -> tuple[str, bool]:
        """Return the message below the fields, and True if it is an error."""
        texts, note = self._texts, self._view.note
        if self._wrong:
            return texts(self._wrong), True
        match stage:
            case EnlistStage.ASKING:
                return texts("lending.asking"), False
            case EnlistStage.DONE:
                return texts("lending.done", gateway=self._view.gateway), False
            case EnlistStage.REFUSED if note is not None:
                return note_text(texts, note), True
        return "", False

    def _lay_out(self) -> None:
        self._answer = QWidget()  # keeps its room, so that an answer moves no button
        told = QHBoxLayout(self._answer)
        told.setContentsMargins(0, 0, 0, 0)
        told.setSpacing(SPACING.small)
        told.addWidget(self.shape)
        told.addWidget(self.told, 1)
        column = self._body.column
        column.setSpacing(SPACING.small)
        column.addWidget(self.heading)
        column.addWidget(self.says)
        column.addSpacing(SPACING.hair)
        for part in (self.found_name, self.nobody, self.found):
            column.addWidget(part)
        for name, field in ((self.where_name, self.where), (self.code_name, self.code)):
            column.addSpacing(SPACING.hair)
            column.addWidget(name)
            column.addWidget(field)
        column.addSpacing(SPACING.hair)
        column.addWidget(self.trust)
        column.addWidget(self._answer)
        column.addStretch(1)
        self._body.finish(self.buttons)
