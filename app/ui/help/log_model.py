"""Qt model of log lines.

New lines are appended without touching the others.
"""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.diagnostics.report.log_lines import LogLine

Index = QModelIndex | QPersistentModelIndex

_ROOT: Final = QModelIndex()


class LogModel(QAbstractListModel):
    """Model of log lines.

    ``describe``: returns the text that a screen reader reads for a line.
    """

    def __init__(self, describe: Callable[[LogLine], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._describe = describe
        self.lines: tuple[LogLine, ...] = ()

    def show_lines(self, lines: tuple[LogLine, ...]) -> None:
        """Show these log lines.

        The selection stays unless the lines do not continue the previous ones.
        """
        gone = self._gone(lines)
        if gone is None:
            self.beginResetModel()
            self.lines = lines
            self.endResetModel()
            return
        if gone:
            self.beginRemoveRows(_ROOT, 0, gone - 1)
            self.lines = self.lines[gone:]
            self.endRemoveRows()
        if len(lines) > len(self.lines):
            self.beginInsertRows(_ROOT, len(self.lines), len(lines) - 1)
            self.lines = lines
            self.endInsertRows()

    def _gone(self, lines: tuple[LogLine, ...]) -> int | None:
        """Return how many of the oldest lines are dropped, or ``None`` if all lines are unrelated."""
        if not lines or not self.lines:
            return None
        gone = next((place for place, line in enumerate(self.lines) if line is lines[0]), None)
        if gone is None or self.lines[gone:] != lines[: len(self.lines) - gone]:
            return None
        return gone

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Return the number of lines."""
        return 0 if parent.isValid() else len(self.lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the event of a line, or its screen reader text."""
        if not index.isValid() or index.row() >= len(self.lines):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.lines[index.row()].event
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._describe(self.lines[index.row()])
        return None
