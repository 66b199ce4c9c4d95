"""Qt model of a short list of rows."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.ui.help.line_list import Cell

Index = QModelIndex | QPersistentModelIndex
Row = tuple[Sequence[Cell], str]
"""Cells of the row, and its screen reader text."""

_ROOT: Final = QModelIndex()


class RowModel(QAbstractListModel):
    """Model of a short list of rows.

    Showing equal rows again changes nothing, so the selection stays.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []

    def show_rows(self, rows: list[Row]) -> None:
        """Replace all rows of the list.

        The selection stays if the number of rows is the same.
        """
        if rows == self._rows:
            return
        if len(rows) == len(self._rows):
            self._rows = rows
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def cells(self, place: int) -> Sequence[Cell]:
        """Return the cells of the row at ``place``."""
        return self._rows[place][0]

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the text that a screen reader reads for the row."""
        if index.isValid() and role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._rows[index.row()][1]
        return None
