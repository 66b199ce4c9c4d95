"""Dialog that adds a device: its purpose, a code that expires, and the result."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QGuiApplication
from PySide6.QtWidgets import QBoxLayout, QDialog, QPushButton, QVBoxLayout, QWidget

from app.core.states import State
from app.sharing.actions import EndInvite, InviteDevice, SharingAction
from app.sharing.view import InviteView
from app.ui.computers.qr_code import QrCode
from app.ui.computers.wording import code_text, ended_text, left_text, places_text
from app.ui.onboarding.step_page import tell, wrapping
from app.ui.onboarding.widgets import Option
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SPACING, Theme, font
from app.ui.widgets.basic import Shape, label
from app.ui.widgets.flow_layout import FlowRow
from app.ui.widgets.panels import DialogBody
from protocol.pairing import PairingStage

_LETTERS: Final = 52
_DIGITS: Final = 2.2  # font size of the code, relative to the system font


class InviteDialog(QDialog):
    """Dialog opened by ``begin``; closing it makes the code invalid."""

    def __init__(
        self, theme: Theme, texts: Texts, ask: Callable[[SharingAction], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self._texts, self._ask = theme, texts, ask
        self._invite, self._gateway, self._asked = InviteView(), "", False
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.heading, self.says = label(size=SCALE.heading, bold=True), label(role="muted")
        self.client, self.worker = Option(theme), Option(theme)
        self.client.setChecked(True)
        self.trust = label(role="warning")
        self.digits, self.qr = label(size=_DIGITS, bold=True), QrCode()
        self.digits.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.left, self.where = label(role="muted"), label(size=SCALE.caption, role="muted")
        self.scan = label(size=SCALE.caption, role="muted")
        self.shape, self.ended = Shape(theme, State.DONE), label()
        self.copy, self.show_code = QPushButton(), QPushButton()
        self.close_button = QPushButton()
        self._body = DialogBody(self)
        self.buttons = FlowRow((self.show_code, self.copy, self.close_button))
        wrapping([self.heading, self.says, self.trust, self.left, self.where, self.scan, self.ended])
        self._lay_out()
        self.worker.toggled.connect(self._show)
        self.show_code.clicked.connect(self._begin_code)
        self.copy.clicked.connect(self._copy)
        self.close_button.clicked.connect(self.reject)
        self.finished.connect(self._finished)
        texts.changed.connect(self.refresh)
        theme.changed.connect(self.refresh)
        self.refresh()

    def begin(self, gateway: str) -> None:
        """Open the dialog at its first question; ``gateway`` is the name of this gateway."""
        self._gateway, self._invite, self._asked = gateway, InviteView(), False
        self.refresh()
        self.open()
        (self.worker if self.worker.isChecked() else self.client).setFocus()

    def show_invite(self, invite: InviteView) -> None:
        """Show the current code or the result of pairing."""
        if self._asked:
            self._invite = invite
            self._show()

    def refresh(self) -> None:
        """Update all texts to the current language and colours."""
        texts = self._texts
        self.setWindowTitle(texts("sharing.invite.title"))
        self.client.show_option(texts("sharing.invite.client"), texts("sharing.invite.client-says"))
        self.worker.show_option(texts("sharing.invite.worker"), texts("sharing.invite.worker-says"))
        self.trust.setText(texts("sharing.invite.trust"))
        self.qr.setAccessibleName(texts("sharing.invite.qr"))
        self.heading.setMinimumWidth(QFontMetrics(font()).averageCharWidth() * _LETTERS)
        self._show()

    def _begin_code(self) -> None:
        """Request a first or new code; after pairing, return to the question of the purpose."""
        if self._asked and self._invite.stage is PairingStage.PAIRED:
            self._asked, self._invite = False, InviteView()
        else:
            self._asked, self._invite = True, InviteView(worker=self.worker.isChecked())
            self._ask(InviteDevice(self.worker.isChecked()))
        self._show()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._invite.link)
        self.copy.setText(self._texts("sharing.invite.copied"))

    def _finished(self) -> None:
        if self._asked:
            self._asked = False
            self._ask(EndInvite())

    # -- display -------------------------------------------------------------------------------------------

    def _show(self) -> None:
        texts, invite = self._texts, self._invite
        ended = ended_text(texts, invite) if self._asked else ""
        waits = self._asked and bool(invite.code)
        self.heading.setText(texts("sharing.invite.title"))
        tell(self.says, self._sentence(waits=waits, ended=bool(ended)))
        for option in (self.client, self.worker):
            option.setVisible(not self._asked)
        self.trust.setVisible(self.worker.isChecked() and (not self._asked or waits))
        self._show_code(waits=waits)
        self._show_end(ended)
        self.show_code.setText(self._next())
        self.show_code.setVisible(not self._asked or bool(ended))
        self.show_code.setDefault(True)
        paint_primary(self.show_code, invite.stage is not PairingStage.PAIRED)
        done = invite.stage is PairingStage.PAIRED
        self.close_button.setText(texts("sharing.invite.done" if done else "sharing.invite.cancel"))
        self.buttons.arrange()
        self._body.fit()

    def _show_code(self, *, waits: bool) -> None:
        texts, invite = self._texts, self._invite
        self.digits.setText(code_text(invite.code))
        self.digits.setFont(font(_DIGITS, self.digits.font().weight()))
        self.digits.setAccessibleName(texts("sharing.invite.code", digits=" ".join(invite.code)))
        self.qr.show_text(invite.link if waits else "")
        self.qr.setVisible(waits and bool(invite.link))
        self.digits.setVisible(waits)
        tell(self.scan, texts("sharing.invite.scan") if waits and invite.link else "")
        tell(self.left, left_text(texts, invite) if waits else "")
        places = places_text(invite).replace("\n", " · ")
        tell(self.where, texts("sharing.invite.where", where=places) if waits and places else "")
        if not waits or not self.copy.isVisible():
            self.copy.setText(texts("sharing.invite.copy-link"))
        self.copy.setVisible(waits and bool(invite.link))

    def _show_end(self, ended: str) -> None:
        good = self._invite.stage is PairingStage.PAIRED
        self.shape.show_state(State.DONE if good else State.FAILED, ended)
        self.shape.setVisible(bool(ended))
        tell(self.ended, ended, "" if good else "warning")

    def _sentence(self, *, waits: bool, ended: bool) -> str:
        texts = self._texts
        if ended:
            return ""
        if not self._asked:
            return texts("sharing.invite.kind-says")
        if not waits:
            return texts("sharing.invite.asking")
        if self._invite.worker:
            return texts("sharing.invite.worker-do")
        return texts("sharing.invite.client-do", gateway=self._gateway)

    def _next(self) -> str:
        if not self._asked:
            return self._texts("sharing.invite.show")
        paired = self._invite.stage is PairingStage.PAIRED
        return self._texts("sharing.invite.another" if paired else "sharing.invite.new-code")

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(SPACING.small)
        words.addWidget(self.digits)
        words.addWidget(self.left)
        words.addWidget(self.where)
        words.addWidget(self.scan)
        words.addStretch(1)
        code = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        code.setSpacing(SPACING.large)
        code.addWidget(self.qr)
        code.addLayout(words, 1)
        end = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        end.setSpacing(SPACING.small)
        end.addWidget(self.shape)
        end.addWidget(self.ended, 1)
        column = self._body.column
        column.setSpacing(SPACING.medium)
        for shown in (self.heading, self.says, self.client, self.worker, self.trust):
            column.addWidget(shown)
        column.addLayout(code)
        column.addLayout(end)
        column.addStretch(1)
        self._body.finish(self.buttons)


def paint_primary(button: QPushButton, primary: bool) -> None:
    """Mark a button as the primary choice, or remove the mark."""
    role = "primary" if primary else ""
    if button.property("role") != role:
        button.setProperty("role", role)
        button.style().polish(button)
