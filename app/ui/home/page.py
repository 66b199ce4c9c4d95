"""Home page: dictate, paste held text, and find, read, edit, copy, export or delete any recording."""

from collections.abc import Callable, Sequence
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QObject, QPoint, QSize, Qt
from PySide6.QtGui import QGuiApplication, QHideEvent, QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QWidget

from app.core.format import Format
from app.core.states import RECORDING
from app.dictation.actions import RecoverTake
from app.dictation.view import RECOVERABLE, View
from app.history.index import IndexRow
from app.history.view import (
    DeleteTakes,
    ExportTakes,
    FollowTake,
    HistoryList,
    HistoryRows,
    HistoryValue,
    ModelsWanted,
    PlayAction,
    RestoreTakes,
    SearchHistory,
)
from app.local_services.worker_view import WorkerView
from app.messages.kinds import Action, Registry, Takes
from app.ui.home.head import Head
from app.ui.home.play_bar import KEY
from app.ui.home.selection_bar import MOST_CHOSEN, SelectionBar
from app.ui.home.take_delegate import TakeDelegate
from app.ui.home.take_panel import TakePanel
from app.ui.home.timeline import Entry, Stage, TakeTimeline, row_menu
from app.ui.home.timeline_model import TimelineModel, day_text, spoken_text
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SPACING, Theme
from app.ui.widgets.basic import ENTER, paint_as_page, refresh_with
from app.ui.widgets.dialogs import SYSTEM_DIALOGS, Dialogs
from app.ui.widgets.panels import centred
from app.ui.widgets.parts import stretched, vertical, worded

_FIRST: Final = 2  # row of the newest take, below the head and its day
SELECT: Final = QItemSelectionModel.SelectionFlag.Select
_OPENS: Final = ENTER | {Qt.Key.Key_Space}
_DELETE: Final = frozenset({Qt.Key.Key_Delete, Qt.Key.Key_Backspace})


class HomePage(QWidget):
    """Page with dictation at the top and all recordings below.

    A take opens in place, one at a time. ``handlers`` accepts the values that the app publishes.
    """

    def __init__(
        self, theme: Theme, texts: Texts, ask: Callable[[Action], None], dialogs: Dialogs = SYSTEM_DIALOGS
    ) -> None:
        super().__init__()
        self._texts, self._ask, self._dialogs = texts, ask, dialogs
        self._serial = 0
        self._exported: ExportTakes | None = None
        self._placing = False
        self._chosen: dict[int | None, IndexRow | None] = {}
        paint_as_page(self)
        self.head = Head(theme, texts, ask)
        self.model = TimelineModel(
            ask, lambda row: spoken_text(texts, row), lambda day: day_text(texts, day), self
        )
        self.delegate = TakeDelegate(theme, texts, self.model)
        self.list = worded(texts, TakeTimeline(texts, self.model, self.delegate), accessibleName="history.name")
        self.panel = TakePanel(theme, texts, self._pass_on, self._dialogs)
        self.stage = Stage(self.list, self.model, self.head, self.panel)
        self.bar = SelectionBar(texts, self._export)
        foot = centred(self.bar)
        foot.setContentsMargins(0, SPACING.small, 0, SPACING.small)  # reserved even while the bar is hidden
        vertical(stretched(self.stage), foot, within=self, gap=0)
        for before, after in pairwise((self.head.filter.buttons[-1], self.list, self.panel, self.bar)):
            QWidget.setTabOrder(before, after)
        self._connect()
        self.handlers: Registry[View | WorkerView | Takes | HistoryValue] = (
            Registry()
            .add(self.show_view)
            .add(self.head.hero.show_worker)
            .add(self.show_takes)
            .add(self.show_list)
            .add(self.show_rows)
            .add(self.head.show_message)
            .add(self.panel.show_details)
            .add(self.panel.play.show_playing)
            .add(self.panel.again.show_models)
            .add(self.panel.show_rerun)
            .add(self.panel.show_stored)
        )
        refresh_with(self.refresh, theme, texts)

    # -- display -------------------------------------------------------------------------------------------

    def show_view(self, view: View) -> None:
        """Show the newest take; cheap enough to call twenty times a second."""
        self.head.show_view(view)
        self.model.show_speaking(view.state in RECORDING)

    def show_takes(self, takes: Takes) -> None:
        """Show which of the latest takes have text to paste."""
        self.head.paste.show_takes(takes.views)
        self.panel.show_held(frozenset(take.session for take in takes.views if take.held))

    def show_list(self, listed: HistoryList) -> None:
        """Show the result of the newest search."""
        if listed.serial != self._serial:
            return
        chosen, seen = [self.model.key(row) for row in self._rows()], self.stage.scroll_place()
        current = self.model.key(self.list.currentIndex().row())
        self.delegate.query = listed.query
        self._placing = True
        changed = self.model.show_list(listed)
        self.head.show_list(listed)
        if changed:
            self.list.measure()
            self._open_key(self.panel.row.key if self.panel.row else None)
            self.stage.fit()
            self.stage.see(*seen)
            self._select(chosen)
            if self.list.hasFocus():
                self.list.make_current(current)
        self._placing = False
        self._choose()

    def show_rows(self, came: HistoryRows) -> None:
        """Show the takes that were requested."""
        self.model.show_rows(came)
        if self.stage.opened is not None and (row := self.model.take(self.stage.opened)):
            self.panel.show_take(row)
        if any(take.key in self._chosen and self._chosen[take.key] != take for take in filter(None, came.rows)):
            self._choose()

    def refresh(self) -> None:
        """Update everything to the current language and colours."""
        self.list.measure()  # the font may have changed
        self.list.viewport().update()
        self.stage.fit()

    # -- the open take -------------------------------------------------------------------------------------

    def open_row(self, row: int | None) -> None:
        """Open the take in this row in place of any other; ``None`` closes the open one."""
        take = None if row is None else self.model.take(row)
        self.stage.opened = self.delegate.opened = row if take else None
        self.panel.show_take(take)
        self.stage.fit()
        if take is not None:
            self.stage.show_open()
        self.list.viewport().update()

    def _toggle(self, row: int) -> None:
        self.open_row(None if row == self.stage.opened else row)

    def _open_key(self, key: int | None) -> None:
        """Update the row of the open take; close it if it is no longer listed."""
        row = None if key is None else self.model.row_of_key(key)
        self.stage.opened = self.delegate.opened = row
        if key is not None and row is None:
            self.panel.show_take(None)

    def _close(self) -> None:
        self.open_row(None)
        self.list.setFocus()

    # -- selection -----------------------------------------------------------------------------------------

    def _rows(self) -> Sequence[int]:
        """Return the selected rows, at most ``MOST_CHOSEN``."""
        ranges = self.list.selectionModel().selection()
        parts = (ranges.at(number) for number in range(ranges.count()))
        spans = (range(part.top(), part.bottom() + 1) for part in parts)
        takes = (row for row in chain.from_iterable(spans) if self.model.key(row) is not None)
        return sorted(islice(takes, MOST_CHOSEN))

    def _select(self, keys: Sequence[int | None]) -> None:
        rows = (self.model.row_of_key(key) for key in keys if key is not None)
        places = [self.model.index(row) for row in rows if row is not None]
        chosen = QItemSelection()
        for index in places:
            chosen.select(index, index)
        self.list.selectionModel().select(chosen, SELECT)
        if places and not self.list.currentIndex().isValid():
            self.list.selectionModel().setCurrentIndex(places[0], QItemSelectionModel.SelectionFlag.NoUpdate)

    def _selection_changed(self) -> None:
        if not self._placing:
            self._choose()

    def _choose(self, *, confirming: bool = False) -> None:
        """Show the selected takes in the bar, and load those that are not loaded yet."""
        rows = self._rows()
        self.model.need(rows)
        self._chosen = {self.model.key(row): self.model.loaded_row(row) for row in rows}
        takes = list(filter(None, self._chosen.values()))
        if self.bar.confirming and not confirming:
            confirming = {take.session for take in takes} == {take.session for take in self.bar.rows}
        self.bar.show_takes(takes, confirming=confirming)

    # -- user actions --------------------------------------------------------------------------------------

    def _pass_on(self, action: Action) -> None:
        """Pass on an action; the user's next action clears the message about an earlier one."""
        if not isinstance(action, FollowTake | ModelsWanted | PlayAction):
            self.head.show_message(None)
        if isinstance(action, ExportTakes):
            self._exported = action
        self._ask(action)

    def _search(self) -> None:
        self._serial += 1
        self._ask(SearchHistory(self.head.search.text(), self._serial, self.head.unfinished))
        self.head.show_texts()

    def _export(self, form: Format) -> None:
        if folder := self._dialogs.folder(self, self._texts("history.export-title")):
            self._pass_on(ExportTakes(tuple(row.session for row in self.bar.rows), form, Path(folder)))

    def _replace(self) -> None:
        if (again := self._exported) is not None:
            self._pass_on(ExportTakes(again.sessions, again.form, again.place, overwrite=True))

    def _copy(self) -> None:
        """Copy the texts of the selected takes, oldest first, with empty lines between them."""
        if texts := [row.text.strip() for row in reversed(self.bar.rows) if row.text]:
            QGuiApplication.clipboard().setText("\n\n".join(texts))

    def _copy_row(self, row: int) -> None:
        if take := self.model.take(row):
            QGuiApplication.clipboard().setText(take.text)

    def _play_row(self, row: int) -> None:
        """Open a take and play it."""
        self.open_row(row)
        self.panel.play.toggle()

    def _recover_row(self, row: int) -> None:
        if take := self.model.take(row):
            self._pass_on(RecoverTake(str(take.session)))

    def _delete(self) -> None:
        """Delete the selected takes on the second call; the first asks for confirmation."""
        if not self.bar.confirming:
            return self._choose(confirming=True)
        deleted = self.bar.rows
        if self.panel.row in deleted:
            self.open_row(None)
        self.list.clearSelection()
        self._choose()
        self._pass_on(DeleteTakes(tuple(row.session for row in deleted), frozenset(row.key for row in deleted)))
        self.bar.show_deleted(len(deleted))
        self.list.setFocus()

    def _restore(self) -> None:
        self.bar.show_deleted(0)
        self._pass_on(RestoreTakes())

    def _delete_open(self) -> None:
        if self.stage.opened is not None:
            self.list.selectRow(self.stage.opened)
            self._choose(confirming=True)

    def _menu(self, point: QPoint) -> None:
        row, keys = self.list.currentIndex().row(), QKeySequence.StandardKey
        opens = "home.close" if row == self.stage.opened else "home.open"
        recover: tuple[Entry, ...] = (("action.recover", None, self._recover),)
        with_text: tuple[Entry, ...] = (
            ("action.copy", keys.Copy, self._copy),
            ("home.save-text", None, lambda: self._export(Format.TXT)),
            ("home.save-subtitles", None, lambda: self._export(Format.SRT)),
        )
        entries: tuple[Entry, ...] = (
            (opens, Qt.Key.Key_Return, lambda: self._toggle(self.list.currentIndex().row())),
            *(recover if any(take.state in RECOVERABLE for take in self.bar.rows) else ()),
            *(with_text if any(take.text for take in self.bar.rows) else ()),
            ("history.delete", keys.Delete, self._delete),
            ("history.select-all", keys.SelectAll, self.list.selectAll),
        )
        if self.bar.rows:
            row_menu(self, self._texts, entries).popup(self.list.viewport().mapToGlobal(point))

    def _recover(self) -> None:
        for take in self.bar.rows:
            if take.state in RECOVERABLE:
                self._pass_on(RecoverTake(str(take.session)))

    def _open_clicked(self) -> None:
        """Open the clicked take, unless the click extends the selection."""
        if QGuiApplication.keyboardModifiers() == Qt.KeyboardModifier.NoModifier:
            self.open_row(self.list.currentIndex().row())
            self.panel.focus_text()

    def _find(self) -> None:
        self.list.verticalScrollBar().setValue(0)
        self.head.search.setFocus()

    # -- keys ----------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handle the Down key in the search, and the keys for actions in the timeline."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        if watched is self.list:
            return self._key_in_list(event)
        down = event.key() == Qt.Key.Key_Down and self.model.rowCount() > _FIRST
        if down:
            self.list.setFocus()
            self._current_row()
        return down

    def _current_row(self) -> int:
        """If nothing is selected, select the current take or the newest; return the current row."""
        if not self.list.selectionModel().hasSelection() and self.model.rowCount() > _FIRST:
            current = self.list.currentIndex()
            self.list.setCurrentIndex(current if current.isValid() else self.model.index(_FIRST))
        return self.list.currentIndex().row()

    def _key_in_list(self, event: QKeyEvent) -> bool:
        if event.matches(QKeySequence.StandardKey.Copy):
            self._copy()
        elif event.key() in _DELETE:
            self._current_row()
            self._delete()
        elif event.matches(QKeySequence.StandardKey.Undo):
            self._restore()
        elif event.key() in _OPENS:
            self._toggle(self._current_row())
        elif event.key() == Qt.Key.Key_Escape and self.stage.opened is not None:
            self._close()
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            last = self.model.rowCount() - 1
            self.list.setCurrentIndex(self.model.index(_FIRST if event.key() == Qt.Key.Key_Home else last))
        else:
            return False
        return True

    # -- layout --------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Run the first search when the page is first shown."""
        if not self._serial:
            self._search()

    def hideEvent(self, event: QHideEvent) -> None:
        """Save edited text and stop playback."""
        self.panel.leave()

    def minimumSizeHint(self) -> QSize:
        """Return a size with room for the head, the open take and the bar."""
        bar = self.list.verticalScrollBar().sizeHint().width()
        parts = (self.head, self.panel, self.bar)
        across = max(part.minimumSizeHint().width() for part in parts) + bar + 2 * SPACING.wide
        return QSize(across, SPACING.huge * 8)

    def _connect(self) -> None:
        head, bar = self.head, self.bar
        head.search_wanted.connect(self._search)
        head.replace_wanted.connect(self._replace)
        bar.copy_wanted.connect(self._copy)
        bar.delete_wanted.connect(self._delete)
        bar.undo_wanted.connect(self._restore)
        bar.delete_refused.connect(lambda: bar.show_takes(bar.rows))
        bar.close_wanted.connect(self.list.clearSelection)
        self.panel.close_wanted.connect(self._close)
        self.panel.delete_wanted.connect(self._delete_open)
        self.panel.reveal_wanted.connect(self.stage.show_in_open)
        for begun in (self.panel.again.chosen, self.panel.again.results_wanted):
            begun.connect(self.stage.show_open)  # the panel grows
        self.list.selectionModel().selectionChanged.connect(self._selection_changed)
        self.list.clicked.connect(self._open_clicked)
        self.list.copy_wanted.connect(self._copy_row)
        self.list.play_wanted.connect(self._play_row)
        self.list.recover_wanted.connect(self._recover_row)
        self.list.customContextMenuRequested.connect(self._menu)
        for watched in (head.search, self.list):
            watched.installEventFilter(self)
        QShortcut(QKeySequence.StandardKey.Find, self, self._find)  # from any focus in the page
        QShortcut(QKeySequence(KEY), self, self.panel.play.toggle)
        inside = Qt.ShortcutContext.WidgetWithChildrenShortcut
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self.panel, context=inside).activated.connect(self._close)
