"""The list of the history for Qt: as long as it is, with those rows in memory that somebody looked at lately."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final
from uuid import UUID

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.history.actions import MOST_WAITING, RowsWanted
from app.history.index import Row
from app.history.view import HistoryList, HistoryRows

PAGE: Final = 50
MOST_PAGES: Final = 20

Index = QModelIndex | QPersistentModelIndex

_ROOT: Final = QModelIndex()


class HistoryModel(QAbstractListModel):
    """``want`` is asked for a page when one of its rows is drawn. Rows of before are shown until it is there.

    ``describe``: what a screen reader says of a row.
    """

    def __init__(
        self,
        want: Callable[[RowsWanted], None],
        describe: Callable[[Row | None], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._want, self._describe = want, describe
        self._list = HistoryList()
        self._pages: OrderedDict[int, tuple[Row | None, ...]] = OrderedDict()
        self._wanted: OrderedDict[int, None] = OrderedDict()
        self._fresh: set[int] = set()

    def show_list(self, listed: HistoryList) -> bool:
        """This list from now on; whether its rows may be others, and the selection is gone."""
        before, self._list = self._list, listed
        if (before.serial, before.version, before.count) == (listed.serial, listed.version, listed.count):
            return False
        self.beginResetModel()
        self._wanted.clear()
        self._fresh.clear()
        if before.serial != listed.serial:
            self._pages.clear()
        self.endResetModel()
        return True

    def show_rows(self, came: HistoryRows) -> None:
        """Those that were wanted; of another search they are nothing to us."""
        page = came.start // PAGE
        if came.serial != self._list.serial:
            return
        self._wanted.pop(page, None)
        self._pages[page] = came.rows
        self._pages.move_to_end(page)
        self._fresh.add(page)
        while len(self._pages) > MOST_PAGES:
            gone, _ = self._pages.popitem(last=False)
            self._fresh.discard(gone)
        last = min(came.start + PAGE, self.rowCount()) - 1
        self.dataChanged.emit(self.index(came.start), self.index(max(came.start, last)))

    def row(self, place: int) -> Row | None:
        """What is known of it; asks for what is not."""
        page = place // PAGE
        if page not in self._fresh:
            self._ask(page)
        if page not in self._pages:
            return None
        self._pages.move_to_end(page)
        rows = self._pages[page]
        return rows[place % PAGE] if place % PAGE < len(rows) else None

    def is_fresh(self, place: int) -> bool:
        """Whether ``row`` is of this list, and not of the one before."""
        return place // PAGE in self._fresh

    def place_of(self, session: UUID) -> int | None:
        """Where this take stands, of those in memory."""
        for page in self._fresh:
            for number, row in enumerate(self._pages[page]):
                if row and row.session == session:
                    return page * PAGE + number
        return None

    def rowCount(self, parent: Index = _ROOT) -> int:
        """As many as were found."""
        return 0 if parent.isValid() else self._list.count

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Its text, or what is read out."""
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            row = self.row(index.row())
            return row.text if row else ""
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._describe(self.row(index.row()))
        return None

    def _ask(self, page: int) -> None:
        """Once each; of too many the oldest is forgotten, as it is where they are answered."""
        if page in self._wanted:
            return
        self._wanted[page] = None
        while len(self._wanted) > MOST_WAITING:
            self._wanted.popitem(last=False)
        self._want(RowsWanted(self._list.serial, page * PAGE, PAGE))
