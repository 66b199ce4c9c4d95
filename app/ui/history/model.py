"""Qt model of the list of takes in the history.

Only recently viewed rows are in memory.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final
from uuid import UUID

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.history.actions import MOST_WAITING, RowsWanted
from app.history.index import IndexRow
from app.history.view import HistoryList, HistoryRows

PAGE: Final = 50
MOST_PAGES: Final = 20

Index = QModelIndex | QPersistentModelIndex

_ROOT: Final = QModelIndex()


class HistoryModel(QAbstractListModel):
    """Model of the history list, loaded in pages.

    ``want``: called to request a page when one of its rows is drawn. Old rows stay visible until the page
    arrives. ``describe``: returns the text that a screen reader reads for a row.
    """

    def __init__(
        self,
        want: Callable[[RowsWanted], None],
        describe: Callable[[IndexRow | None], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._want, self._describe = want, describe
        self._list = HistoryList()
        self._pages: OrderedDict[int, tuple[IndexRow | None, ...]] = OrderedDict()
        self._wanted: OrderedDict[int, None] = OrderedDict()
        self._fresh: set[int] = set()

    def show_list(self, listed: HistoryList) -> bool:
        """Show this list and return True if its rows may have changed.

        The selection is lost then.
        """
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
        """Store requested rows; ignore rows of another search."""
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

    def row(self, place: int) -> IndexRow | None:
        """Return the take at ``place`` if it is loaded, and request its page if it is not fresh."""
        page = place // PAGE
        if page not in self._fresh:
            self._ask(page)
        if page not in self._pages:
            return None
        self._pages.move_to_end(page)
        rows = self._pages[page]
        return rows[place % PAGE] if place % PAGE < len(rows) else None

    def is_fresh(self, place: int) -> bool:
        """Return True if ``row`` is from the current list and not from a previous one."""
        return place // PAGE in self._fresh

    def place_of(self, session: UUID) -> int | None:
        """Return the place of this take among the loaded rows, or ``None``."""
        for page in self._fresh:
            for number, row in enumerate(self._pages[page]):
                if row and row.session == session:
                    return page * PAGE + number
        return None

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Return the number of takes found."""
        return 0 if parent.isValid() else self._list.count

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the text of a take, or its screen reader text."""
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            row = self.row(index.row())
            return row.text if row else ""
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._describe(self.row(index.row()))
        return None

    def _ask(self, page: int) -> None:
        """Request a page once.

        The oldest request is dropped at the limit, as the answering side does.
        """
        if page in self._wanted:
            return
        self._wanted[page] = None
        while len(self._wanted) > MOST_WAITING:
            self._wanted.popitem(last=False)
        self._want(RowsWanted(self._list.serial, page * PAGE, PAGE))
