"""Panel of other gateways that this computer may work for, with a switch and the worker's state for each."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.core.states import State
from app.gateways.actions import GatewayAction
from app.local_services.worker_view import LocalWorkerState
from app.sharing.actions import ForgetLent, Lend, LendingAction
from app.sharing.view import LendingView, LentView
from app.ui.computers.enlist_dialog import EnlistDialog
from app.ui.computers.wording import LENT_SHAPES
from app.ui.onboarding.step_page import tell, wrapping
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text, worker_text
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import Elided, Shape, Switch, label, reveal


class LentRow(QWidget):
    """Row that shows one gateway and passes actions to ``ask``."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[LendingAction], None]) -> None:
        super().__init__()
        self._texts, self._ask = texts, ask
        self.lent = LentView("", "")
        self._sure = False
        self.name, self.switch = Elided(1), Switch(theme)
        self.shape, self.state = Shape(theme, State.IDLE, SCALE.caption), label(size=SCALE.caption, role="muted")
        self.forget = QPushButton()
        wrapping([self.state])
        head, below = QHBoxLayout(), QHBoxLayout()
        head.setSpacing(SPACING.medium)
        head.addWidget(self.name, 1)
        head.addWidget(self.switch)
        below.setSpacing(SPACING.small)
        below.addWidget(self.shape)
        below.addWidget(self.state, 1)
        below.addWidget(self.forget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACING.small, 0, SPACING.small)
        column.setSpacing(SPACING.hair)
        column.addLayout(head)
        column.addLayout(below)
        self.switch.clicked.connect(self._switched)
        self.forget.clicked.connect(self._forget)
        self.forget.installEventFilter(self)

    def show_lent(self, lent: LentView) -> None:
        """Show the current state of lending to this gateway."""
        self.lent = lent
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        texts, lent = self._texts, self.lent
        said = worker_text(texts, lent.worker)
        self.name.show_text(lent.name)
        self.switch.setChecked(lent.on)
        self.switch.setAccessibleName(texts("lending.to", gateway=lent.name))
        self.switch.setAccessibleDescription(said)
        self.shape.show_state(LENT_SHAPES[lent.worker.state], said)
        tell(self.state, said, "warning" if lent.worker.state is LocalWorkerState.FAILED else "muted")
        self._show_forget()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ignore double clicks on the forget button, and cancel its confirmation when the focus leaves."""
        if event.type() == QEvent.Type.MouseButtonDblClick:
            return True
        if event.type() == QEvent.Type.FocusOut and self._sure:
            self._sure = False
            self._show_forget()
        return super().eventFilter(watched, event)

    def _switched(self, on: bool) -> None:
        self.switch.setChecked(self.lent.on)  # the switch follows the state in effect, not the click
        self._ask(Lend(self.lent.id, on))

    def _forget(self) -> None:
        if self._sure:
            self._ask(ForgetLent(self.lent.id))
        self._sure = not self._sure
        self.forget.setFocus()
        self._show_forget()

    def _show_forget(self) -> None:
        texts = self._texts
        self.forget.setText(texts("lending.forget-sure" if self._sure else "lending.forget"))
        named = texts("lending.forget-of", gateway=self.lent.name)
        self.forget.setAccessibleName(f"{named}: {self.forget.text()}")
        self.forget.setProperty("role", "danger" if self._sure else "quiet")
        self.forget.style().polish(self.forget)


class LendingPanel(QFrame):
    """Panel that shows values and passes actions to ``ask``; ``shown`` repeats each view for other panels."""

    shown = Signal(object)

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[LendingAction], None],
        ask_gateways: Callable[[GatewayAction], None],
    ) -> None:
        super().__init__()
        self._theme, self._texts, self._ask = theme, texts, ask
        self._view = LendingView()
        self.setProperty("role", "card")
        self.heading, self.says = label(size=SCALE.heading, bold=True), label(role="muted")
        self.nobody, self.told = label(role="muted"), label(role="warning")
        self.rows: dict[str, LentRow] = {}
        self.add = QPushButton()
        self.dialog = EnlistDialog(theme, texts, ask, ask_gateways, self)
        wrapping([self.heading, self.says, self.nobody, self.told])
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        adding = QHBoxLayout()
        adding.addWidget(self.add)
        adding.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING.large, SPACING.large, SPACING.large, SPACING.large)
        column.setSpacing(SPACING.medium)
        column.addWidget(self.heading)
        column.addWidget(self.says)
        column.addLayout(self._rows)
        column.addWidget(self.nobody)
        column.addWidget(self.told)
        column.addLayout(adding)
        self.add.clicked.connect(self.dialog.begin)
        texts.changed.connect(self.refresh)
        theme.changed.connect(self.refresh)
        self.refresh()

    def words(self) -> Iterable[str]:
        """Yield the words by which the settings search finds this panel."""
        texts = self._texts
        yield from (texts("lending.find"), texts("lending.name"), texts("lending.says"))
        yield from (lent.name for lent in self._view.lent)

    def show_lending(self, view: LendingView) -> None:
        """Show the gateways that this computer is lent to."""
        self._view = view
        self.dialog.show_lending(view)
        self._show()
        self.shown.emit(view)

    def refresh(self) -> None:
        """Update all texts to the current language and colours."""
        texts = self._texts
        self.heading.setText(texts("lending.name"))
        self.says.setText(texts("lending.says"))
        self.nobody.setText(texts("lending.none"))
        self.add.setText(texts("lending.add"))
        self._show()

    def _show(self) -> None:
        view = self._view
        for gone in self.rows.keys() - {lent.id for lent in view.lent}:
            row = self.rows.pop(gone)
            reveal(row, False, self.add)
            self._rows.removeWidget(row)
            row.deleteLater()
        for lent in view.lent:
            if lent.id not in self.rows:
                self.rows[lent.id] = LentRow(self._theme, self._texts, self._ask)
                self._rows.addWidget(self.rows[lent.id])
            self.rows[lent.id].show_lent(lent)
        self.nobody.setVisible(not view.lent)
        tell(self.told, note_text(self._texts, view.told) if view.told else "", "warning")
