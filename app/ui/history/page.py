"""History page: search, read, edit, copy, export and delete takes."""

from collections.abc import Callable, Sequence
from itertools import chain, islice
from typing import Final
from uuid import UUID

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QObject, QPoint, QSize, Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QBoxLayout,
    QHBoxLayout,
    QLayout,
    QLineEdit,
    QListView,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.history.actions import ExportTakes, LookAtTake, ModelsWanted, PlayAction, RowsWanted, SearchHistory
from app.history.index import IndexRow
from app.history.view import (
    HistoryList,
    HistoryMessage,
    HistoryModels,
    HistoryNote,
    HistoryRows,
    Playing,
    Rerunning,
    TakeDetails,
)
from app.ui.history.menu import menu_of
from app.ui.history.model import HistoryModel
from app.ui.history.play_bar import KEY
from app.ui.history.row_delegate import HistoryDelegate
from app.ui.history.take_panel import Asked, TakePanel
from app.ui.history.wording import described, list_text, percent_text, told_text
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme import icons
from app.ui.theme.theme import SCALE, SPACING, Theme, font
from app.ui.widgets.basic import control_height, label
from app.ui.widgets.file_dialogs import Dialogs, SystemDialogs
from app.ui.widgets.panels import scrolling

MOST_CHOSEN: Final = 1_000
_BESIDE_LETTERS: Final = 84
_LONGEST_QUERY: Final = 200


class HistoryPage(QWidget):
    """Page of the history.

    The panel shows the selected takes; the selection survives list updates.
    """

    def __init__(
        self, theme: Theme, texts: Texts, ask: Callable[[Asked], None], dialogs: Dialogs | None = None
    ) -> None:
        super().__init__()
        self._theme, self._texts, self._ask = theme, texts, ask
        self._listed: HistoryList | None = None
        self._serial = 0
        self._told: HistoryMessage | None = None
        self._exported: ExportTakes | None = None
        self._unplaced: set[UUID] = set()
        self._placing = False
        self._seen: dict[int, tuple[IndexRow | None, bool]] = {}
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.name, self.count = label(size=SCALE.display, bold=True), label(role="muted")
        self.search = QLineEdit()
        self.search.setMaxLength(_LONGEST_QUERY)
        self.clear = self.search.addAction(icons.icon("cancel"), QLineEdit.ActionPosition.TrailingPosition)
        self.reading, self.problem, self.note = label(role="muted"), label(role="warning"), label()
        self.replace = QPushButton()
        self.nothing = label(role="muted")
        self.list = QListView()
        self.model = HistoryModel(self._want, lambda row: described(texts, row), self)
        self.delegate = HistoryDelegate(theme, texts, self.model.row)
        self.panel = TakePanel(theme, texts, self._do, dialogs or SystemDialogs(), self._drop)
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._set_list_up()
        self._lay_out()
        self._connect()
        self.refresh()

    # -- display -------------------------------------------------------------------------------------------

    def show_list(self, listed: HistoryList) -> None:
        """Show the result of the newest search."""
        if listed.serial != self._serial:
            return
        other = self._listed is None or self._listed.serial != listed.serial
        self._listed, self.delegate.query = listed, listed.query
        place = self.list.verticalScrollBar().value()
        self._placing = True
        if self.model.show_list(listed):
            self._seen.clear()
            self._unplaced = set() if other else {row.session for row in self.panel.rows}
            self.list.verticalScrollBar().setValue(0 if other else place)
        self._placing = False
        if other:
            self.panel.show_takes(())
        self._show()

    def show_rows(self, came: HistoryRows) -> None:
        """Show rows that were requested."""
        self.model.show_rows(came)
        self._place_chosen()
        self._choose()

    def show_told(self, told: HistoryMessage) -> None:
        """Show the outcome of a user action."""
        self._told = told
        self._show()

    def show_details(self, details: TakeDetails) -> None:
        """Show the details of the selected take."""
        self.panel.show_details(details)

    def show_models(self, models: HistoryModels) -> None:
        """Show the models that can recognise a take again."""
        self.panel.show_models(models)

    def show_rerun(self, stand: Rerunning) -> None:
        """Show the state of a repeated recognition."""
        self.panel.show_rerun(stand)

    def show_playing(self, playing: Playing) -> None:
        """Show the state of playback."""
        self.panel.show_playing(playing)

    def refresh(self) -> None:
        """Update everything to the current language and colours."""
        texts = self._texts
        self.name.setText(texts("history.name"))
        self.search.setPlaceholderText(texts("history.search"))
        self.search.setAccessibleName(texts("history.search"))
        self.search.setFont(font())
        self.search.setMinimumHeight(control_height())
        self.clear.setText(texts("history.clear"))
        self.clear.setToolTip(texts("history.clear"))
        self.clear.setIcon(icons.icon("cancel", self._theme.colour("muted")))
        self.replace.setText(texts("history.replace"))
        self.list.setAccessibleName(texts("history.name"))
        self.list.doItemsLayout()  # the font size may have changed
        self.panel.refresh()
        self._show()
        self._arrange()

    def _show(self) -> None:
        texts, listed = self._texts, self._listed or HistoryList()
        reading = percent_text(texts, listed)
        problem = note_text(texts, listed.problem) if listed.problem else ""
        told = told_text(texts, self._told.note) if self._told else ""
        self.reading.setText(reading)
        self.reading.setVisible(bool(reading))
        self.problem.setText(texts("history.problem", problem=problem) if problem else "")
        self.problem.setVisible(bool(problem))
        self.note.setText(told)
        self.note.setVisible(bool(told))
        self.replace.setVisible(bool(self._told and self._told.note.key == HistoryNote.EXIST and self._exported))
        self.count.setText(texts("history.count", count=listed.count) if listed.count else "")
        self.nothing.setText(list_text(texts, listed) if self._listed else texts("history.loading"))
        self.nothing.setVisible(not listed.count and not (reading and not listed.query))
        self.list.setVisible(bool(listed.count))
        self.panel.setVisible(bool(listed.count or self.panel.rows))
        self.clear.setVisible(bool(self.search.text()))

    # -- selection -----------------------------------------------------------------------------------------

    def _places(self) -> Sequence[int]:
        """Return the selected places, as many as the panel can show."""
        ranges = self.list.selectionModel().selection()
        parts = (ranges.at(number) for number in range(ranges.count()))
        spans = (range(part.top(), part.bottom() + 1) for part in parts)
        return sorted(islice(chain.from_iterable(spans), MOST_CHOSEN))

    def _selected(self, new: QItemSelection, old: QItemSelection) -> None:
        if not self._placing:
            self._unplaced.clear()
            self._choose()

    def _choose(self) -> None:
        """Show the selected takes, including those not yet located in an updated list."""
        waiting = [row for row in self.panel.rows if row.session in self._unplaced]
        self._seen = {place: self._seen_at(place) for place in self._places()}
        found = [row for row, _ in self._seen.values() if row]
        chosen = {row.session: row for row in [*waiting, *found]}
        self.panel.show_takes(sorted(chosen.values(), key=lambda row: row.key, reverse=True))

    def _seen_at(self, place: int) -> tuple[IndexRow | None, bool]:
        """Return the take at ``place`` and whether it is from the current list.

        A take that was seen once is not fetched again just to be selected.
        """
        before = self._seen.get(place, (None, False))
        if before[1] and not self.model.is_fresh(place):
            return before
        return self.model.row(place), self.model.is_fresh(place)

    def _place_chosen(self) -> None:
        self._placing = True
        for session in tuple(self._unplaced):
            if (place := self.model.place_of(session)) is not None:
                self._unplaced.discard(session)
                flag = QItemSelectionModel.SelectionFlag.Select
                index = self.model.index(place)
                self.list.selectionModel().select(index, flag)
                if not self.list.currentIndex().isValid():
                    self.list.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        self._placing = False

    def _drop(self) -> None:
        """Clear the selection, because its takes will be deleted."""
        self._unplaced.clear()
        self.list.clearSelection()
        self.list.setFocus()

    # -- user actions --------------------------------------------------------------------------------------

    def _want(self, wanted: RowsWanted) -> None:
        self._ask(wanted)

    def _do(self, action: Asked) -> None:
        """Pass on an action.

        The outcome of an earlier action disappears when the user starts another one.
        """
        if isinstance(action, LookAtTake | ModelsWanted | PlayAction):
            return self._ask(action)
        self._told = None
        if isinstance(action, ExportTakes):
            self._exported = action
        self._ask(action)
        self._show()

    def _search(self) -> None:
        self._serial += 1
        self._ask(SearchHistory(self.search.text(), self._serial))
        self._show()

    def _replace(self) -> None:
        if (again := self._exported) is not None:
            self._do(ExportTakes(again.sessions, again.form, again.place, overwrite=True))

    def _menu(self, point: QPoint) -> None:
        menu = menu_of(self.list, self.panel, self._texts)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.list.viewport().mapToGlobal(point))

    def showEvent(self, event: QShowEvent) -> None:
        """Run the first search: nothing is read before the page is shown."""
        if not self._serial:
            self._search()

    def hideEvent(self, event: QHideEvent) -> None:
        """Save edited text and stop playback."""
        self.panel.leave()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handle keys that lead from the search to the list, and from the list to its actions."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if watched is self.search and self._key_in_search(event):
                return True
            if watched is self.list and self._key_in_list(event):
                return True
        return super().eventFilter(watched, event)

    def _key_in_search(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Down and self._listed and self._listed.count:
            self.list.setFocus()
            if not self.list.currentIndex().isValid() or not self.list.selectionModel().hasSelection():
                self.list.setCurrentIndex(self.model.index(0))
            return True
        if event.key() == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
            return True
        return False

    def _key_in_list(self, event: QKeyEvent) -> bool:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.panel.copy_text()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.panel.ask_delete()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.panel.text.isVisible():
            self.panel.text.setFocus()
        else:
            return False
        return True

    # -- layout --------------------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        """Return the width that the panel of selected takes needs."""
        bar = self._area.verticalScrollBar().sizeHint().width()
        across = self.panel.minimumSizeHint().width() + bar + 2 * SPACING.wide
        return QSize(across, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place list and panel side by side if both fit."""
        self._arrange()

    def _arrange(self) -> None:
        beside = self.width() >= _BESIDE_LETTERS * self.fontMetrics().averageCharWidth()
        direction = QBoxLayout.Direction
        self._sides.setDirection(direction.LeftToRight if beside else direction.TopToBottom)

    def _connect(self) -> None:
        self.search.textChanged.connect(self._search)
        self.clear.triggered.connect(self.search.clear)
        self.replace.clicked.connect(self._replace)
        self.list.selectionModel().selectionChanged.connect(self._selected)
        self.search.installEventFilter(self)
        self.list.installEventFilter(self)
        self.list.customContextMenuRequested.connect(self._menu)
        for keys, act in ((QKeySequence.StandardKey.Find, self.search.setFocus), (KEY, self.panel.play.toggle)):
            QShortcut(QKeySequence(keys), self).activated.connect(
                act
            )  # works also while the page's tab has the focus
        self._theme.changed.connect(self.refresh)
        self._texts.changed.connect(self.refresh)

    def _set_list_up(self) -> None:
        view = self.list
        view.setObjectName("list")
        view.setModel(self.model)
        view.setItemDelegate(self.delegate)
        view.setUniformItemSizes(True)
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def _lay_out(self) -> None:
        head, notes, left = QHBoxLayout(), QHBoxLayout(), QVBoxLayout()
        head.addWidget(self.name, 1)
        head.addWidget(self.count)
        notes.addWidget(self.note, 1)
        notes.addWidget(self.replace)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for words in (self.reading, self.problem, self.note, self.nothing):
            words.setWordWrap(True)
        left.addWidget(self.list, 1)
        left.addWidget(self.nothing, 1)
        self._sides.setSpacing(SPACING.large)
        self._sides.addLayout(left, 1)
        self._area = scrolling(self.panel)
        self._sides.addWidget(self._area, 1)
        page = QVBoxLayout(self)
        page.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        page.setContentsMargins(SPACING.wide, SPACING.wide, SPACING.wide, SPACING.wide)
        page.setSpacing(SPACING.medium)
        page.addLayout(head)
        page.addWidget(self.search)
        for words in (self.reading, self.problem):
            page.addWidget(words)
        page.addLayout(notes)
        page.addLayout(self._sides, 1)
