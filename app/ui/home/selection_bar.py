"""Bar with the actions on several selected takes, and the question before a deletion."""

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QMenu, QPushButton

from app.core.format import Format
from app.history.index import IndexRow
from app.ui.strings.texts import Texts
from app.ui.widgets.basic import Card, action_button, opens_menu, refresh_with
from app.ui.widgets.panels import FlowRow
from app.ui.widgets.parts import CARD, label, set_role, set_visible, vertical, worded

_PASSING: Final = frozenset({Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason})
"""Reasons for which the focus comes back."""


class ExportButton(QPushButton):
    """Button whose menu exports in one of the formats."""

    def __init__(self, texts: Texts, export: Callable[[Format], None]) -> None:
        super().__init__()
        worded(texts, self, "history.export")
        menu = QMenu(self)
        self.forms = {form: worded(texts, menu.addAction(""), f"files.form.{form}") for form in Format}
        for form, action in self.forms.items():
            action.triggered.connect(lambda _=False, form=form: export(form))
        opens_menu(self, menu)


class SelectionBar(Card):
    """Bar below the timeline.

    ``deletes``: emitted when the user wants to delete, and once more when the user confirms it. ``kept``: emitted
    when the user does not confirm.
    """

    copies, deletes, kept, closes = Signal(), Signal(), Signal(), Signal()

    def __init__(self, texts: Texts, export: Callable[[Format], None]) -> None:
        super().__init__()
        self._texts = texts
        self.rows: tuple[IndexRow, ...] = ()
        self.sure = False
        self.name = label(bold=True, wraps=True)
        self.copy = worded(texts, action_button(self.copies.emit), "action.copy")
        self.export = ExportButton(texts, export)
        self.delete = worded(texts, action_button(self.deletes.emit), "history.delete")
        self.cancel = action_button(self._cancel)
        self.buttons = FlowRow((self.copy, self.export, self.delete, self.cancel))
        vertical(self.name, self.buttons, within=self, margins=CARD)
        self.delete.installEventFilter(self)
        refresh_with(self.refresh, texts)

    def show_takes(self, rows: Sequence[IndexRow], *, sure: bool = False) -> None:
        """Show these takes if they are several; ``sure``: ask whether to delete them."""
        asked = sure and not self.sure
        self.rows, self.sure = tuple(rows), sure
        self.refresh()
        if asked:
            self.delete.setFocus()

    def refresh(self) -> None:
        """Update everything to the current language."""
        texts, count = self._texts, len(self.rows)
        self.setVisible(bool(count) if self.sure else count > 1)
        self.name.setText(texts("home.delete-sure" if self.sure else "history.chosen", count=count))
        set_visible(not self.sure and any(row.text for row in self.rows), self.copy, self.export)
        self.delete.setAccessibleName(f"{self.name.text()} {self.delete.text()}" if self.sure else "")
        set_role(self.delete, "danger" if self.sure else "")
        self.cancel.setText(texts("home.cancel" if self.sure else "home.unselect"))
        self.buttons.arrange()

    def _cancel(self) -> None:
        (self.kept if self.sure else self.closes).emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Swallow double clicks on "delete", and keep the takes when it loses the focus."""
        if event.type() == QEvent.Type.MouseButtonDblClick:
            return True
        if isinstance(event, QFocusEvent) and event.lostFocus() and self.sure and event.reason() not in _PASSING:
            self.kept.emit()
        return super().eventFilter(watched, event)
