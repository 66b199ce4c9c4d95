"""A short list of rows as a model."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.ui.help_list import Cell

Index = QModelIndex | QPersistentModelIndex
Row = tuple[Sequence[Cell], str]
"""What is drawn of it, and what is read out."""

_ROOT: Final = QModelIndex()


class RowModel(QAbstractListModel):
    """The same rows again change nothing, so that what is chosen stays so."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []

    def show_rows(self, rows: list[Row]) -> None:
        """These from now on."""
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
        """What is drawn there."""
        return self._rows[place][0]

    def rowCount(self, parent: Index = _ROOT) -> int:
        """As many as there are."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What is read out."""
        if index.isValid() and role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._rows[index.row()][1]
        return None
