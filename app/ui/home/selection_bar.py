"""Bar of actions on selected takes, with the question before a deletion; buttons with menus for one take."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QMenu, QWidgetAction

from app.core.format import Format
from app.history.index import IndexRow
from app.history.view import UNDO_S, HistoryModels, RerunOptions
from app.ui.strings.texts import Texts, model_name, note_text
from app.ui.theme.theme import SPACING
from app.ui.widgets.basic import Card, action_button, refresh_with
from app.ui.widgets.menus import Menu, MenuButton
from app.ui.widgets.panels import FlowRow
from app.ui.widgets.parts import CARD, label, menu_name, set_role, set_visible, vertical, worded

MOST_CHOSEN: Final = 1_000
"""Most takes that one action deletes, copies or exports."""
_PASSING: Final = frozenset({Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason})
"""Reasons of a loss of focus after which the focus returns."""


class ExportButton(MenuButton):
    """Button with a menu of export formats."""

    def __init__(self, texts: Texts, export: Callable[[Format], None]) -> None:
        super().__init__()
        worded(texts, self, "history.export")
        self.forms = {form: worded(texts, self.entries.addAction(""), f"files.form.{form}") for form in Format}
        for form, action in self.forms.items():
            action.triggered.connect(lambda _=False, form=form: export(form))


class SelectionBar(Card):
    """Bar below the timeline.

    ``delete_wanted``: emitted when the user clicks Delete, and again when the user confirms. ``delete_refused``:
    emitted when the user does not confirm. ``undo_wanted``: emitted when the user undoes a deletion, which is
    offered for a limited time.
    """

    copy_wanted, delete_wanted, delete_refused, close_wanted = Signal(), Signal(), Signal(), Signal()
    undo_wanted = Signal()

    def __init__(self, texts: Texts, export: Callable[[Format], None]) -> None:
        super().__init__()
        self._texts = texts
        self.rows: tuple[IndexRow, ...] = ()
        self.confirming = False
        self._deleted = 0
        self._undo_ends = QTimer(self, singleShot=True, interval=round(1000 * UNDO_S))
        self._undo_ends.timeout.connect(lambda: self.show_deleted(0))
        self.name = label(bold=True, wraps=True)
        self.copy = worded(texts, action_button(self.copy_wanted.emit), "action.copy")
        self.export = ExportButton(texts, export)
        self.delete = worded(texts, action_button(self.delete_wanted.emit), "history.delete")
        self.cancel = action_button(self._cancel)
        self.undo = worded(texts, action_button(self.undo_wanted.emit), "home.undo")
        self.buttons = FlowRow((self.copy, self.export, self.delete, self.cancel, self.undo))
        vertical(self.name, self.buttons, within=self, margins=CARD)
        for button in (self.delete, self.cancel):
            button.installEventFilter(self)
        inside = Qt.ShortcutContext.WidgetWithChildrenShortcut
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self, context=inside).activated.connect(self._cancel)
        refresh_with(self.refresh, texts)

    def show_takes(self, rows: Sequence[IndexRow], *, confirming: bool = False) -> None:
        """Show the bar for several takes; ``confirming``: ask whether to delete these takes, even a single one."""
        asked = confirming and not self.confirming
        self.rows, self.confirming = tuple(rows), confirming
        self.refresh()
        if asked:
            self.delete.setFocus()

    def show_deleted(self, count: int) -> None:
        """Offer to undo the deletion of ``count`` takes for ``UNDO_S``; 0 ends the offer."""
        self._deleted = count
        if count:
            self._undo_ends.start()
        else:
            self._undo_ends.stop()
        self.refresh()

    def refresh(self) -> None:
        """Update everything to the current language."""
        texts, count = self._texts, len(self.rows)
        needed = bool(count) if self.confirming else count > 1
        deleted = self._deleted > 0 and not needed
        self.setVisible(needed or deleted)
        chosen = "history.chosen-most" if count >= MOST_CHOSEN else "history.chosen"
        self.name.setText(texts("home.delete-sure" if self.confirming else chosen, count=count))
        if deleted:
            self.name.setText(texts("home.deleted", count=self._deleted))
        has_text = any(row.text for row in self.rows)
        set_visible(not deleted and not self.confirming and has_text, self.copy, self.export)
        set_visible(not deleted, self.delete, self.cancel)
        set_visible(deleted, self.undo)
        self.delete.setAccessibleName(f"{self.name.text()} {self.delete.text()}" if self.confirming else "")
        set_role(self.delete, "danger" if self.confirming else "")
        self.cancel.setText(texts("home.cancel" if self.confirming else "home.unselect"))
        self.buttons.arrange()

    def _cancel(self) -> None:
        (self.delete_refused if self.confirming else self.close_wanted).emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Treat a loss of focus during the question as a refusal."""
        lost = isinstance(event, QFocusEvent) and event.lostFocus() and event.reason() not in _PASSING
        if lost and self.confirming and QApplication.focusWidget() not in (self.delete, self.cancel):
            self.delete_refused.emit()
        return super().eventFilter(watched, event)


class AgainButton(MenuButton):
    """Button with a menu of the loaded models; a submenu has them for all audio, including pauses.

    ``menu_opened``: emitted when the menu opens. ``chosen``: emitted with ``RerunOptions``.
    ``results_wanted``: emitted when the user wants to see the results of repeated recognitions.
    """

    menu_opened, chosen, results_wanted = Signal(), Signal(object), Signal()

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self._texts = texts
        self._models, self._used, self._ran = HistoryModels(), "", False
        self.whole = Menu(self)
        self.entries.aboutToShow.connect(self.menu_opened.emit)
        refresh_with(self.refresh, texts)

    def show_models(self, models: HistoryModels) -> None:
        """Offer these models, or show why they are unknown."""
        if models != self._models:
            self._models = models
            self.refresh()

    def show_take(self, used: str, *, ran: bool) -> None:
        """Put the model ``used`` for the take last; ``ran``: there are results of repeated recognitions."""
        if (used, ran) != (self._used, self._ran):
            self._used, self._ran = used, ran
            self.refresh()

    def refresh(self) -> None:
        """Update the texts to the current language."""
        texts, menu = self._texts, self.entries
        self.setText(texts("history.again.open"))
        menu.clear()
        self._list_models(menu, vad=True)
        if self._models.note is not None:
            self._add_note(note_text(texts, self._models.note))
        menu.addSeparator()
        menu.addMenu(self.whole).setText(texts("history.again.whole"))
        self.whole.clear()
        self._list_models(self.whole, vad=False)
        if self._ran:
            menu.addAction(texts("history.again.results"), self.results_wanted.emit)

    def _list_models(self, menu: QMenu, *, vad: bool) -> None:
        texts = self._texts
        for name in sorted(self._models.names, key=self._used.__eq__) or ("",):
            shown = model_name(texts, name) if name else texts("history.again.any-model")
            title = texts("history.again.used", model=shown) if name and name == self._used else shown
            menu.addAction(menu_name(title), partial(self.chosen.emit, RerunOptions(name, vad)))

    def _add_note(self, text: str) -> None:
        """Add a note as a label, because menu entries cannot have several lines."""
        words = label(text, role="warning", wraps=True)
        words.setContentsMargins(SPACING.large, SPACING.hair, SPACING.large, SPACING.hair)
        entry = QWidgetAction(self.entries)
        entry.setDefaultWidget(words)
        self.entries.addAction(entry)
