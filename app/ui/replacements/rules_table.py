"""Table of replacement rules, edited in place with mouse or keyboard; invalid rows are marked."""

from typing import Any, Final

from PySide6.QtCore import QEvent, QModelIndex, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QKeySequence, QPainter, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.replacements.rules import LONGEST_HEARD, LONGEST_WRITTEN
from app.ui.replacements.rules_model import (
    BREAK,
    PROBLEM,
    QUIET,
    TEXTS,
    TICKS,
    Column,
    FoundRules,
    Index,
    RulesModel,
)
from app.ui.theme import icons
from app.ui.theme.theme import RADII, SPACING, Theme, font, letter_width
from app.ui.widgets.basic import (
    ENTER,
    control_height,
    paint_elided,
    paint_icon,
    paint_line,
    paint_ring,
    paint_round,
)

_MOST_ROWS: Final = 10
_FEWEST_ROWS: Final = 3
_LETTERS: Final = 9
_ALONE: Final = Qt.ShortcutContext.WidgetShortcut


class RulesTable(QTableView):
    """Table of rules; emits ``removed`` with the rows to delete, ``row_left`` when the focus leaves a row."""

    removed = Signal(list)
    row_left = Signal()

    def __init__(self, theme: Theme, model: RulesModel) -> None:
        super().__init__(showGrid=False, wordWrap=False)
        self._rules, self.found = model, FoundRules(model)
        self.setModel(self.found)
        self.setItemDelegate(_Cells(theme, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )
        self.setTabKeyNavigation(False)  # Tab moves to the next control
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionsClickable(False)
        self.found.rowsInserted.connect(self.fit)
        self.found.rowsRemoved.connect(self.fit)
        self.found.modelReset.connect(self.fit)
        theme.changed.connect(self.refresh)

    def refresh(self) -> None:
        """Apply the current font to cells, columns and height."""
        self.setFont(font())
        head, metrics = self.horizontalHeader(), QFontMetrics(font())
        head.setFont(font())
        head.setMinimumSectionSize(letter_width(metrics))
        for column in Column:
            stretch = column in TEXTS
            head.setSectionResizeMode(
                column, QHeaderView.ResizeMode.Stretch if stretch else QHeaderView.ResizeMode.Fixed
            )
            if not stretch:
                self.setColumnWidth(column, self._head_width(column))
        self.verticalHeader().setDefaultSectionSize(control_height())
        self.fit()

    def fit(self) -> None:
        """Set the height to fit the rows, between a minimum and a maximum."""
        rows = min(max(self.found.rowCount(), _FEWEST_ROWS), _MOST_ROWS)
        head = self.horizontalHeader().sizeHint().height()
        self.setFixedHeight(head + rows * control_height() + 2 * self.frameWidth())

    def minimumSizeHint(self) -> QSize:
        """Return a width with room for each heading and several letters of each text."""
        letters = letter_width(QFontMetrics(font())) * _LETTERS
        widths = (max(self._head_width(column), letters if column in TEXTS else 0) for column in Column)
        return QSize(sum(widths), super().minimumSizeHint().height())

    def _head_width(self, column: Column) -> int:
        name = str(self._rules.headerData(column, Qt.Orientation.Horizontal))
        return QFontMetrics(font()).horizontalAdvance(name) + 2 * SPACING.medium

    @property
    def rows(self) -> list[int]:
        """Selected rows, as numbers of the model."""
        chosen = self.selectionModel().selectedRows()
        return sorted(self.found.mapToSource(index).row() for index in chosen)

    @property
    def row(self) -> int | None:
        """Current row as a number of the model, or None."""
        here = self.found.mapToSource(self.currentIndex())
        return here.row() if here.isValid() else None

    def is_at(self, row: int) -> bool:
        """Return whether this row of the model has the keyboard focus."""
        focus = QApplication.focusWidget()
        inside = isinstance(focus, QWidget) and (focus is self or self.isAncestorOf(focus))
        return inside and self.isVisible() and self.row == row

    def begin(self, row: int) -> None:
        """Start editing this row of the model."""
        index = self.found.mapFromSource(self._rules.index(row, Column.HEARS))
        self.setFocus()
        self.setCurrentIndex(index)
        self.scrollTo(index)
        self._edit(index)

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        """Continue a new rule in the cell of its replacement, after Return as well as Tab."""
        super().closeEditor(editor, hint)
        here = self.currentIndex()
        entered = hint is QAbstractItemDelegate.EndEditHint.SubmitModelCache
        if entered and here.column() == Column.HEARS and self.row == self._rules.draft.fresh and here.data():
            self.setCurrentIndex(here.siblingAtColumn(Column.WRITES))
            self._edit(self.currentIndex())

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Emit ``row_left`` when the current cell moves to another row."""
        super().currentChanged(current, previous)
        if previous.isValid() and current.row() != previous.row():
            self.row_left.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Emit ``row_left`` when the focus leaves the table; an open cell editor belongs to the table."""
        super().focusOutEvent(event)
        focus = QApplication.focusWidget()
        if not (isinstance(focus, QWidget) and self.isAncestorOf(focus)):
            self.row_left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Edit on Return, remove on Delete or Backspace."""
        free = self.state() is not QAbstractItemView.State.EditingState  # keys of the editor also arrive here
        if free and event.key() in ENTER and self.currentIndex().isValid():
            self._edit(self.currentIndex())
        elif free and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.rows:
            self.removed.emit(self.rows)
        else:
            super().keyPressEvent(event)

    def _edit(self, index: QModelIndex) -> None:
        """Open the editor of a text cell, unless one is open."""
        editing = self.state() is QAbstractItemView.State.EditingState
        if index.flags() & Qt.ItemFlag.ItemIsEditable and not editing:
            self.edit(index)


class _Cells(QStyledItemDelegate):
    """Delegate that paints cells in theme colours and edits their texts."""

    def __init__(self, theme: Theme, table: RulesTable) -> None:
        super().__init__(table)
        self._theme, self._table = theme, table

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """Create a text field without an outline of its own, which Shift+Return breaks into lines."""
        field = QLineEdit(parent)
        field.setFont(font())
        field.setProperty("role", "cell")
        field.setMaxLength(LONGEST_HEARD if index.column() == Column.HEARS else LONGEST_WRITTEN)
        field.setAccessibleName(str(self._table.found.headerData(index.column(), Qt.Orientation.Horizontal)))
        for key in ("Shift+Return", "Shift+Enter") if index.column() == Column.WRITES else ():
            QShortcut(QKeySequence(key), field, context=_ALONE).activated.connect(lambda: field.insert(BREAK))
        return field

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint background, text or tick, and the mark of an invalid row."""
        styled: Any = option  # the stubs lack its attributes
        place, table = QRect(styled.rect), self._table
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if table.selectionModel().isRowSelected(index.row(), QModelIndex()):
            painter.fillRect(place, self._theme.colour("accent_soft"))
        if index.row() < index.model().rowCount() - 1:  # the outline of the table is below the last row
            begin = QPointF(place.left(), place.bottom() + 0.5)
            paint_line(painter, begin, begin + QPointF(place.width(), 0), self._theme.colour("line"))
        if index.column() in TICKS:
            self._tick(painter, place, on=_is_ticked(index))
        else:
            self._text(painter, place, index)
        if table.hasFocus() and index == table.currentIndex():
            paint_ring(
                painter, QRectF(place).adjusted(1, 1, -1, -1), self._theme.colour("accent"), RADII.small / 2
            )
        painter.restore()

    def editorEvent(self, event: QEvent, model: Any, option: Any, index: Any) -> bool:
        """Toggle a tick on a click anywhere in its cell, or with Space."""
        wanted = event.type() == QEvent.Type.MouseButtonRelease
        if isinstance(event, QKeyEvent):
            wanted = event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Space
        if not wanted or index.column() not in TICKS:
            return False
        state = Qt.CheckState.Unchecked if _is_ticked(index) else Qt.CheckState.Checked
        return bool(model.setData(index, state, Qt.ItemDataRole.CheckStateRole))

    def _text(self, painter: QPainter, place: QRect, index: Index) -> None:
        wrong, text = index.data(PROBLEM), str(index.data(QUIET) or index.data() or "")
        left = place.left() + SPACING.small
        if wrong and index.column() == Column.HEARS:
            side = QFontMetrics(font()).ascent()
            paint_icon(painter, "failed", left, place.center().y(), side, self._theme.colour("warning"))
            left += side + SPACING.small
        counted = index.column() == Column.TAKES
        quiet = counted or bool(index.data(QUIET))
        ink = self._theme.colour("warning" if wrong else "muted" if quiet else "text")
        room = QRect(left, place.top(), place.right() - SPACING.small - left, place.height())
        across = Qt.AlignmentFlag.AlignHCenter if counted else Qt.AlignmentFlag.AlignLeft
        side = across | Qt.AlignmentFlag.AlignVCenter
        paint_elided(painter, QRectF(place if counted else room), text, font(), ink, side)

    def _tick(self, painter: QPainter, place: QRect, *, on: bool) -> None:
        side = float(QFontMetrics(font()).ascent())
        box = QRectF(0, 0, side, side)
        box.moveCenter(QRectF(place).center())
        ground, edge = ("accent", "accent") if on else ("surface", "edge")
        paint_round(painter, box, 3, self._theme.colour(ground), self._theme.colour(edge), 1.5)
        if on:
            inner = box.adjusted(side * 0.15, side * 0.15, -side * 0.15, -side * 0.15)
            icons.draw(painter, "done", inner, self._theme.colour("on_accent"))


def _is_ticked(index: Index) -> bool:
    return Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)) is Qt.CheckState.Checked
