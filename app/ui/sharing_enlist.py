"""Lending this computer's worker to one more gateway: where it is, the code that it shows, what became of it."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.gateways.places import grouped, is_whole, place_of
from app.sharing.actions import EndEnlisting, Enlist, LendingAction
from app.sharing.view import EnlistStage, LendingView
from app.states import State
from app.ui.lines import Lines
from app.ui.onboarding_step import tell, wrapping
from app.ui.sharing_invite import paint_primary
from app.ui.texts import Texts
from app.ui.theme import SCALE, SPACING, Theme, font
from app.ui.widgets import Shape, control_height, label
from app.ui.wording import note_text

_LETTERS: Final = 52
_LONGEST: Final = 2_000
_LONGEST_CODE: Final = 32


class EnlistDialog(QDialog):
    """``begin`` opens it."""

    def __init__(
        self, theme: Theme, texts: Texts, ask: Callable[[LendingAction], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._texts, self._ask = texts, ask
        self._view, self._asked, self._wrong = LendingView(), False, ""
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.heading, self.says = label(size=SCALE.heading, bold=True), label(role="muted")
        self.where_name, self.where = label(size=SCALE.caption, role="muted"), QLineEdit()
        self.code_name, self.code = label(size=SCALE.caption, role="muted"), QLineEdit()
        self.where.setMaxLength(_LONGEST)
        self.code.setMaxLength(_LONGEST_CODE)
        self.trust = label(size=SCALE.caption, role="warning")
        self.shape, self.told = Shape(theme, State.DONE), label()
        self.enlist, self.close_button = QPushButton(), QPushButton()
        self.buttons = Lines((self.enlist, self.close_button))
        wrapping([self.heading, self.says, self.trust, self.told])
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
        """Open it anew."""
        self._asked = False
        self.where.clear()
        self.code.clear()
        self.refresh()
        self.open()
        self.where.setFocus()

    def show_lending(self, view: LendingView) -> None:
        """How it stands."""
        self._view = view
        self._show()

    def refresh(self) -> None:
        """Everything again, in the language and colours of now."""
        texts = self._texts
        self.setWindowTitle(texts("lending.title"))
        self.heading.setText(texts("lending.title"))
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

    # -- what a person does --------------------------------------------------------------------------------

    def _group(self, typed: str) -> None:
        if (shown := grouped(typed)) != typed and self.code.cursorPosition() == len(typed):
            self.code.setText(shown)

    def _edited(self) -> None:
        self._wrong, self._asked = "", False
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
            self._ask(Enlist(self.where.text(), "" if place.code else self.code.text()))
        self._show()

    def _finished(self) -> None:
        self._asked = False
        self._ask(EndEnlisting())

    # -- what is shown -------------------------------------------------------------------------------------

    _linked = False

    def _show(self) -> None:
        texts, stage = self._texts, self._view.stage if self._asked else EnlistStage.NONE
        done, asking = stage is EnlistStage.DONE, stage is EnlistStage.ASKING
        for shown in (self.says, self.where_name, self.where, self.trust):
            shown.setVisible(not done)
        for shown in (self.code_name, self.code):
            shown.setVisible(not done and not self._linked)
        for field in (self.where, self.code, self.enlist):
            field.setEnabled(not asking)
        said, bad = self._said(stage)
        tell(self.told, said, "danger" if bad else "")
        self.shape.show_state(State.FAILED if bad else State.DONE if done else State.ARMING, said)
        self.shape.setVisible(bool(said))
        self.enlist.setText(texts("lending.enlist"))
        self.enlist.setVisible(not done)
        self.enlist.setDefault(True)
        paint_primary(self.enlist, True)
        self.close_button.setText(texts("lending.close" if done else "lending.cancel"))
        self.buttons.arrange()

    def _said(self, stage: EnlistStage) -> tuple[str, bool]:
        """What is told below the fields, and whether something is wrong."""
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
        told = QHBoxLayout()
        told.setSpacing(SPACING.small)
        told.addWidget(self.shape)
        told.addWidget(self.told, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING.wide, SPACING.wide, SPACING.wide, SPACING.wide)
        column.setSpacing(SPACING.small)
        column.addWidget(self.heading)
        column.addWidget(self.says)
        for name, field in ((self.where_name, self.where), (self.code_name, self.code)):
            column.addSpacing(SPACING.hair)
            column.addWidget(name)
            column.addWidget(field)
        column.addSpacing(SPACING.hair)
        column.addWidget(self.trust)
        column.addLayout(told)
        column.addStretch(1)
        column.addWidget(self.buttons)
