"""Panel of other computers: use one, share this one, and a list of all with their states."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import pairwise

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QWidget

from app.gateways.view import FoundView, GatewaysView, WatchGateways
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.messages.kinds import Action, Registry
from app.settings.sections import Settings
from app.sharing.view import LendingView, SharingState, SharingView, WatchSharing, nearby
from app.ui.computers.code_form import LendingForm, PairingForm
from app.ui.computers.computer_row import ComputerRow
from app.ui.computers.share_form import ShareForm
from app.ui.computers.wording import computers, sharing_text
from app.ui.strings.texts import Texts, note_text
from app.ui.theme.theme import SCALE, SPACING, Theme, font, letter_width
from app.ui.widgets.basic import Card, ThemedIcon, action_button, card, refresh_with
from app.ui.widgets.panels import Columns, follow_visibility
from app.ui.widgets.parts import (
    SPACE,
    at_left,
    delete_widget,
    horizontal,
    label,
    remark,
    set_caption,
    show_text,
    stretched,
    vertical,
    worded,
)

_LETTERS = 26
"""Minimum width of a choice, in average letters."""


class ComputersPanel(QWidget):
    """Panel of other computers; it requests searches and checks while it is visible.

    ``handlers`` accepts the values to show. ``lending_shown`` is emitted with each ``LendingView``.
    """

    lending_shown = Signal(object)

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._theme, self._texts, self._ask = theme, texts, ask
        self._gateways, self._worker = GatewaysView(), WorkerView()
        self._sharing, self._lending, self._new_borrower = SharingView(), LendingView(), ""
        self.problem, self.result = (remark(role) for role in ("warning", "muted"))
        self.use = ChoiceCard(theme, "computer", lambda: self.pair(None))
        self.share = ChoiceCard(theme, "share", self.share_this)
        self.form = PairingForm(theme, texts, ask, lambda: self._focus(self.form, self.use.button))
        self.code = ShareForm(theme, texts, ask, lambda: self._focus(self.code, self.share.button))
        self.heading = worded(texts, label(bold=True), "computers.name")
        self.none = worded(texts, remark(), "computers.looking")
        self.rows: dict[str, ComputerRow] = {}
        self._ordered: list[QWidget] = []
        self.lend = worded(texts, action_button(self.lend_this), "lending.add")
        self.lending = LendingForm(theme, texts, ask, self._lent, lambda: self._focus(self.lending, self.lend))
        self._list, self._rows = card()
        self._choices = Columns(lambda: letter_width(QFontMetrics(font())) * _LETTERS, 2)
        self._rows.setContentsMargins(SPACING.large, SPACING.hair, SPACING.large, SPACING.hair)
        self._rows.setSpacing(0)
        self._choices.show_widgets((self.use, self.share))
        above = (self.problem, self._choices, self.form, self.code, self.result)
        below = (self.heading, self._list, self.none, at_left(self.lend), self.lending)
        vertical(*above, *below, within=self, gap=SPACING.medium)
        self.handlers = (
            Registry()
            .add(self.show_gateways)
            .add(self.show_worker)
            .add(self.show_sharing)
            .add(self.code.show_invite)
            .add(self.show_lending)
        )
        refresh_with(self.refresh, texts, theme)
        follow_visibility(self, self._watch)

    # -- values --------------------------------------------------------------------------------------------

    def show_gateways(self, view: GatewaysView) -> None:
        """Show the computers that this one can use or pair with."""
        self._gateways = view
        self.form.show_pairing(view.pairing)
        self._show()

    def show_worker(self, worker: WorkerView) -> None:
        """Show the state of recognition on this computer."""
        self._worker = worker
        self._show()

    def show_settings(self, settings: Settings) -> None:
        """Show whether this computer is shared."""
        self.code.show_settings(settings)
        self._show()

    def show_sharing(self, view: SharingView) -> None:
        """Show the state of sharing and the devices."""
        self._sharing = view
        self.code.show_sharing(view)
        self._show()

    def show_lending(self, view: LendingView) -> None:
        """Show the computers that this one recognises for."""
        if _lent_to(self._lending) - _lent_to(view):
            self._new_borrower = ""  # it would contradict the row
        self._lending = view
        self.lending.show_pairing(view.pairing)
        self._show()
        self.lending_shown.emit(view)

    def words(self) -> Iterable[str]:
        """Yield the texts by which the search of the settings finds this panel."""
        texts = self._texts
        yield from (texts("computers.find"), texts("computers.use-title"), texts("sharing.name"))
        yield from (texts("computers.name"), texts("lending.add"), texts("sharing.invite.worker"))
        yield from (row.view.name for row in self.rows.values())

    def refresh(self) -> None:
        """Update everything to the current language, fonts and colours."""
        for row in self.rows.values():
            row.refresh()
        self._show()

    def _watch(self, on: bool) -> None:
        """Start or stop checks and searches. Forms keep their input, because the window may only be minimised."""
        self._ask(WatchGateways(on))
        self._ask(WatchSharing(on))

    # -- user actions --------------------------------------------------------------------------------------

    def pair(self, found: FoundView | None) -> None:
        """Open the form that pairs with ``found``; ``None``: with a computer from a list or an address."""
        self._close_others(self.form)
        self.form.open(found, self._gateways.device)
        self._show()

    def share_this(self) -> None:
        """Share this computer and show a code."""
        self._close_others(self.code)
        self.code.begin()

    def lend_this(self) -> None:
        """Open the form that lends this computer's recognition to another one."""
        self._close_others(self.lending)
        self.lending.begin(None)

    def _close_others(self, opened: QWidget) -> None:
        self._new_borrower = ""
        for part in (self.form, self.code, self.lending):
            if part is not opened:
                part.close_form()
        self._show()

    def _lent(self, gateway: str) -> None:
        self._new_borrower = gateway

    def _focus(self, closing: QWidget, control: QWidget) -> None:
        """Move the focus from a form that closes to ``control``."""
        focus = QApplication.focusWidget()
        if focus is None or closing.isAncestorOf(focus):
            control.setFocus()
        self._show()

    # -- display -------------------------------------------------------------------------------------------

    def _show(self) -> None:
        texts, view = self._texts, self._gateways
        title, description = texts("computers.use-title"), texts("computers.use-says")
        self.use.show_choice(title, description, texts("computers.use-go"))
        off = self._sharing.state is SharingState.OFF
        description = texts("sharing.says") if off else sharing_text(texts, self._sharing)
        role = "warning" if self._sharing.state is SharingState.FAILED else "muted"
        self.share.show_choice(texts("sharing.name"), description, texts("sharing.invite.show"), role)
        self.form.show_found(view.found)
        self.lending.show_found(nearby(view, self._lending.lent))
        self._show_rows()
        self._order()
        self.none.setVisible(len(self.rows) == 1 and not self.form.lists)
        show_text(self.problem, note_text(texts, view.problem), "warning")
        notes = [note_text(texts, note) for note in (view.result, self._sharing.result, self._lending.problem)]
        done = texts("lending.done", gateway=self._new_borrower) if self._new_borrower else ""
        show_text(self.result, "\n".join(filter(None, (*notes, done))), "muted")

    def _show_rows(self) -> None:
        gateways = replace(self._gateways, found=()) if self.form.lists else self._gateways
        wanted = list(computers(self._texts, gateways, self._worker, self._sharing, self._lending))
        keys = [view.key for view in wanted]
        if keys != list(self.rows):
            for key in [key for key in self.rows if key not in keys]:
                self._remove_row(key)
            made = partial(ComputerRow, self._theme, self._texts, self._ask, self.pair)
            self.rows = {key: self.rows.get(key) or made() for key in keys}
            for place, row in enumerate(self.rows.values()):
                self._rows.removeWidget(row)
                self._rows.insertWidget(place, row)
                row.first = not place
        for view in wanted:
            self.rows[view.key].show_view(view)

    def _remove_row(self, key: str) -> None:
        row = self.rows.pop(key)
        focus = QApplication.focusWidget()
        if focus is not None and row.isAncestorOf(focus):
            self.use.button.setFocus()
        delete_widget(row, self._rows)

    def _order(self) -> None:
        """Make the Tab key follow the reading order; Qt would put controls that were added later last."""
        rows = (control for row in self.rows.values() for control in row.controls)
        heads = (self.use.button, self.share.button)
        order = [*heads, *self.form.controls, *self.code.controls, *rows, self.lend, *self.lending.controls]
        if order != self._ordered:
            self._ordered = order
            for before, after in pairwise(order):
                QWidget.setTabOrder(before, after)


def _lent_to(view: LendingView) -> set[str]:
    """Return the computers that this one recognises for, or will as soon as it can."""
    return {one.id for one in view.lent if one.on and one.worker.state is not LocalWorkerState.FAILED}


class ChoiceCard(Card):
    """Card with an icon, texts and a button that calls ``do``."""

    def __init__(self, theme: Theme, icon: str, do: Callable[[], None]) -> None:
        super().__init__()
        self.icon = ThemedIcon(theme, (icon, "accent"), SCALE.display, in_line=True)
        self.description = label(wraps=True)
        self.heading = label(size=SCALE.heading, bold=True, wraps=True)
        self.button = action_button(do)
        head = horizontal(self.icon, stretched(self.heading))
        vertical(head, self.description, SPACE, at_left(self.button), within=self, margins=SPACING.large)

    def show_choice(self, heading: str, description: str, button: str, role: str = "muted") -> None:
        """Show these texts; ``role`` is the colour of the description."""
        self.heading.setText(heading)
        show_text(self.description, description, role)
        set_caption(self.button, button, f"{heading}: {button}")
        self.button.setAccessibleDescription(description)
