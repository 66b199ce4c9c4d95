"""Table model of the replacement rules, which are edited in place."""

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any, Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)

from app.replacements.rules import Draft, Replacement
from app.ui.strings.texts import Texts

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
PROBLEM: Final = Role.UserRole
"""Role of the row's problem; empty if the row is valid."""
QUIET: Final = Qt.ItemDataRole(Role.UserRole + 1)
"""Role of the placeholder for an empty cell whose emptiness has a meaning."""
BREAK: Final = "↵"
"""Sign for a line break in a cell."""
_NO_INDEX: Final = QModelIndex()


class Column(IntEnum):
    """Columns of the table."""

    HEARS = 0
    WRITES = 1
    WHOLE = 2
    CASE = 3
    TAKES = 4


TEXTS: Final = {Column.HEARS: "hears", Column.WRITES: "writes"}
TICKS: Final = {Column.WHOLE: "whole_word", Column.CASE: "match_case"}
_HEADS: Final = {
    Column.HEARS: "words.hears",
    Column.WRITES: "words.writes",
    Column.WHOLE: "words.whole",
    Column.CASE: "words.case",
    Column.TAKES: "words.takes",
}


class RulesModel(QAbstractTableModel):
    """Table model of replacement rules; ``edited`` is emitted when the user changes them.

    ``before``: the rules that ``undo`` restores; ``None`` if there is nothing to undo.
    """

    edited = Signal()

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self._texts = texts
        self.draft = Draft()
        self.before: tuple[Replacement, ...] | None = None
        self._takes: Mapping[int, int] = {}
        texts.changed.connect(self.refresh)

    # -- called by the panel -------------------------------------------------------------------------------

    def show_rules(self, rules: Sequence[Replacement]) -> None:
        """Replace all rules with these."""
        self.beginResetModel()
        self.draft, self._takes, self.before = Draft(rules), {}, None
        self.endResetModel()

    def show_takes(self, takes: Mapping[int, int]) -> None:
        """Set the number of takes that each row would change."""
        self._takes = takes
        self._emit_changed(Column.TAKES, Column.TAKES)

    def add(self) -> int:
        """Add an empty row and return its number."""
        self.finish()
        row = len(self.draft.rules)
        self.beginInsertRows(QModelIndex(), row, row)
        self.draft.add()
        self.endInsertRows()
        return row

    @property
    def begun(self) -> bool:
        """True if the new row is no longer empty."""
        row = self.draft.fresh
        return row is not None and self.draft.rules[row] != Replacement("")

    def finish(self) -> None:
        """Complete the new row: remove it if it is empty, otherwise keep it."""
        row = self.draft.fresh
        if row is None:
            return
        if self.draft.rules[row] == Replacement(""):
            self.beginRemoveRows(QModelIndex(), row, row)
            self.draft.finish()
            self.endRemoveRows()
        else:
            self.draft.finish()
            self._emit_changed(Column.HEARS, Column.TAKES)
            self.edited.emit()

    def remove(self, rows: Sequence[int]) -> None:
        """Remove the rules in these rows."""
        self._edit(lambda: self.draft.remove(rows))

    def merge(self, rules: Sequence[Replacement]) -> None:
        """Add rules; a rule for the same heard text replaces the old one."""
        self._edit(lambda: self.draft.merge(rules))

    def undo(self) -> None:
        """Restore the rules from before the last removal or merge, if no other change came after it."""
        if (rules := self.before) is not None:
            self.show_rules(rules)
            self.edited.emit()

    def _edit(self, change: Callable[[], None]) -> None:
        """Apply a change of the user that may affect any rows, and make it undoable."""
        self.before = tuple(rule for rule in self.draft.rules if rule != Replacement(""))
        self.beginResetModel()
        change()
        self._takes = {}
        self.endResetModel()
        self.edited.emit()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, Column.HEARS, Column.TAKES)
        self._emit_changed(Column.HEARS, Column.TAKES)

    def problem(self, row: int) -> str:
        """Return the problem of a row in words; empty if it is valid."""
        why = self.draft.wrong.get(row)
        return self._texts(f"words.wrong.{why}") if why else ""

    # -- called by Qt --------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        """Return the number of rules."""
        return 0 if parent.isValid() else len(self.draft.rules)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        """Return the heading of a column, its explanation or its alignment, depending on the role."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        column = Column(section)
        if role == Role.DisplayRole:
            return self._texts(_HEADS[column])
        if role in (Role.ToolTipRole, Role.AccessibleTextRole):
            return self._texts(f"{_HEADS[column]}-hint")
        if role == Role.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignVCenter | (
                Qt.AlignmentFlag.AlignLeft if column in TEXTS else Qt.AlignmentFlag.AlignHCenter
            )
        return None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        """Return the value of a cell for a role."""
        row, column = index.row(), Column(index.column())
        if role == PROBLEM:
            return self.problem(row)
        if role == QUIET:
            out = column is Column.WRITES and self._is_left_out(row)
            return self._texts("words.left-out") if out else None
        if role == Role.ToolTipRole:
            return self.problem(row) or None
        if role == Role.AccessibleTextRole:
            return self._spoken(row, column)
        rule = self.draft.rules[row]
        if column in TICKS and role == Role.CheckStateRole:
            on = getattr(rule, TICKS[column])
            return Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
        return self._cell_text(row, column) if role in (Role.DisplayRole, Role.EditRole) else None

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        """Store a cell that the user edited, and return whether the cell accepts this role."""
        if not index.isValid():  # the row was removed while it was edited
            return False
        row, column = index.row(), Column(index.column())
        if role == Role.EditRole and column in TEXTS:
            text = str(value).strip() if column is Column.HEARS else str(value).replace(BREAK, "\n")
            return self._change(row, **{TEXTS[column]: text})
        if role == Role.CheckStateRole and column in TICKS:
            return self._change(row, **{TICKS[column]: Qt.CheckState(value) is Qt.CheckState.Checked})
        return False

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Return the flags of a cell: texts can be edited, ticks checked."""
        usual = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() in TEXTS:
            return usual | Qt.ItemFlag.ItemIsEditable
        return usual | Qt.ItemFlag.ItemIsUserCheckable if index.column() in TICKS else usual

    def _change(self, row: int, **values: Any) -> bool:
        changed = self.draft.change(row, **values)
        self.before = None if changed else self.before
        if row == self.draft.fresh and "writes" in values:
            self.finish()
        elif changed:
            self._emit_changed(Column.HEARS, Column.TAKES)
            self.edited.emit()
        return True

    def _cell_text(self, row: int, column: Column) -> str | None:
        if column in TEXTS:
            return str(getattr(self.draft.rules[row], TEXTS[column])).replace("\n", BREAK)
        return str(self._takes[row]) if column is Column.TAKES and row in self._takes else None

    def _is_left_out(self, row: int) -> bool:
        rule = self.draft.rules[row]
        return not rule.writes and bool(rule.hears) and row not in self.draft.wrong

    def _spoken(self, row: int, column: Column) -> str:
        """Return the cell for screen readers, with its heading and the row's problem."""
        name = self._texts(f"{_HEADS[column]}-hint")
        if column in TICKS:
            on = getattr(self.draft.rules[row], TICKS[column])
            shown = self._texts("words.on" if on else "words.off")
        else:
            empty = "words.left-out" if column is Column.WRITES and self._is_left_out(row) else "words.nothing"
            shown = self._cell_text(row, column) or self._texts(empty)
        return ": ".join(filter(None, (name, shown, self.problem(row))))

    def _emit_changed(self, first: Column, last: Column) -> None:
        """Report all rows as changed, because one change can make other rows valid or invalid."""
        if rows := self.rowCount():
            self.dataChanged.emit(self.index(0, first), self.index(rows - 1, last))


class FoundRules(QSortFilterProxyModel):
    """Filter for rules that contain the search text in either text; the new row always passes."""

    def __init__(self, model: RulesModel) -> None:
        super().__init__()
        self._model, self._query = model, ""
        self.setSourceModel(model)

    def search(self, query: str) -> None:
        """Filter by a search text; an empty text shows all rules."""
        self.beginFilterChange()
        self._query = query.strip().casefold()
        self.endFilterChange()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        """Return whether the row matches the search text or is new."""
        rule = self._model.draft.rules[row]
        found = self._query in rule.hears.casefold() or self._query in rule.writes.casefold()
        return found or row == self._model.draft.fresh
