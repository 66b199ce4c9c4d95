"""Searchable list inside the window, in front of its other widgets.

Input methods, which Chinese names need, would not reach a popup window.
"""

from collections.abc import Collection, Sequence
from typing import Final

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QHideEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.ui.settings.picker_entries import PickerEntry, matching
from app.ui.strings.texts import Texts
from app.ui.theme.theme import RADII, SPACING, Theme, font
from app.ui.widgets.basic import (
    application,
    control_height,
    paint_box,
    paint_elided,
    paint_icon,
    paint_round,
)
from app.ui.widgets.controls import Field
from app.ui.widgets.parts import label, vertical, worded

MOST_ROWS: Final = 8
"""Most rows that are visible at once; a list with no more entries has no search field."""
_Index = QModelIndex | QPersistentModelIndex
_LONGEST_QUERY: Final = 60
_BESIDE: Final = Qt.ItemDataRole.UserRole + 1
_CLOSING: Final = frozenset({QEvent.Type.MouseButtonPress, QEvent.Type.Wheel, QEvent.Type.FocusIn})


class PickerRow(QStyledItemDelegate):
    """Painter of a row: a check mark if selected, the name, and the other name in a muted colour."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Return a size that fits both names."""
        metrics = QFontMetrics(font())
        across = metrics.horizontalAdvance(index.data(Qt.ItemDataRole.DisplayRole))
        return QSize(across + metrics.height() + 4 * SPACING.small, control_height() - SPACING.hair)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint the row, with a background if it is current or under the pointer."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place, state = QRectF(option.rect), option.state
        current = bool(state & QStyle.StateFlag.State_Selected)
        if current or state & QStyle.StateFlag.State_MouseOver:
            focused = bool(state & QStyle.StateFlag.State_HasFocus)
            edge = self._theme.colour("accent") if focused else None
            ground = self._theme.colour("accent_soft" if current else "sunken")
            paint_round(painter, place.adjusted(1, 1, -1, -1), RADII.small, ground, edge, 2.0)
        self._paint_texts(painter, place, index)
        painter.restore()

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: _Index
    ) -> bool:
        """Leave clicks to the list: a check mark changes only when the choice comes back as a setting."""
        return False

    def _paint_texts(self, painter: QPainter, place: QRectF, index: _Index) -> None:
        metrics = QFontMetrics(font())
        side = float(metrics.ascent())
        if Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)) is Qt.CheckState.Checked:
            left, colour = place.left() + SPACING.small, self._theme.colour("accent_strong")
            paint_icon(painter, "done", left, place.center().y(), side, colour)
        beside = str(index.data(_BESIDE) or "")
        name = str(index.data(Qt.ItemDataRole.DisplayRole)).removesuffix(beside)
        words = place.adjusted(2 * SPACING.small + side, 0, -SPACING.small, 0)
        paint_elided(painter, words, name, font(), self._theme.colour("text"))
        words.setLeft(words.left() + metrics.horizontalAdvance(name))
        if words.width() > side:
            paint_elided(painter, words, beside, font(), self._theme.colour("muted"))


class Picker(QFrame):
    """List of entries with a search field, over the window of ``anchor``.

    ``picked`` is emitted with the value of an entry that the user chooses.
    """

    picked = Signal(str)

    def __init__(self, theme: Theme, texts: Texts, anchor: QWidget) -> None:
        super().__init__(anchor.window())
        self._theme, self._texts, self._anchor = theme, texts, anchor
        self._entries: Sequence[PickerEntry] = ()
        self._chosen: Collection[str] = ()
        self.setObjectName("picker")
        self.search = worded(texts, Field(theme, _LONGEST_QUERY), placeholderText="settings.picker.find")
        self.list = QListWidget()
        self.none = worded(texts, label(role="muted"), "settings.picker.none")
        self.list.setItemDelegate(PickerRow(theme, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.none.setContentsMargins(SPACING.small, SPACING.hair, SPACING.small, SPACING.hair)
        vertical(self.search, self.none, self.list, within=self, margins=SPACING.hair, gap=SPACING.hair)
        self.search.textChanged.connect(self._fill)
        self.search.installEventFilter(self)
        self.list.installEventFilter(self)
        self.list.itemClicked.connect(self._pick)
        self.hide()

    def open(self, entries: Sequence[PickerEntry], chosen: Collection[str], name: str) -> None:
        """Open the list below the anchor, or above it if there is more room; close it if it is open."""
        if self.isVisible():
            return self.close_list()
        self._entries, self._chosen = entries, chosen
        self.search.clear()
        for part, key in ((self.search, "settings.picker.search"), (self.list, "settings.picker.list")):
            part.setAccessibleName(self._texts(key, name=name))
        self.search.setVisible(len(entries) > MOST_ROWS)
        self._fill()
        self._move_beside_anchor()
        self.show()
        self.raise_()
        self.list.scrollToItem(self.list.currentItem(), QListWidget.ScrollHint.PositionAtCenter)
        (self.search if len(entries) > MOST_ROWS else self.list).setFocus()
        application().installEventFilter(self)

    def show_chosen(self, chosen: Collection[str]) -> None:
        """Mark the chosen values."""
        self._chosen = chosen
        for row in range(self.list.count()):
            item = self.list.item(row)
            item.setCheckState(self._check_state(item.data(Qt.ItemDataRole.UserRole)))

    def close_list(self) -> None:
        """Close the list; if it has the focus, return that to the anchor."""
        if self.isVisible():
            inside = self.isAncestorOf(QApplication.focusWidget() or self)
            self.hide()
            if inside:
                self._anchor.setFocus()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop watching the rest of the window."""
        application().removeEventFilter(self)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the background and the outline."""
        paint_box(self, self._theme)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handle the keys of field and list; close the list when the user turns to another part of the window."""
        if watched in (self.search, self.list) and isinstance(event, QKeyEvent):
            return event.type() == QEvent.Type.KeyPress and self._handle(watched, event)
        resized = event.type() == QEvent.Type.Resize and watched is self.parent()
        if resized or (isinstance(watched, QWidget) and self._leaves(watched, event)):
            self.close_list()
        return False

    def _leaves(self, watched: QWidget, event: QEvent) -> bool:
        """Return whether the user has turned to another part of the window."""
        inside = watched is self or self.isAncestorOf(watched)
        own = watched is self._anchor and event.type() != QEvent.Type.Wheel
        return event.type() in _CLOSING and self.isVisible() and not inside and not own

    def _handle(self, watched: QObject, event: QKeyEvent) -> bool:
        """Handle a key, and return whether it was consumed."""
        key, item = event.key(), self.list.currentItem()
        picks = (Qt.Key.Key_Return, Qt.Key.Key_Enter, *((Qt.Key.Key_Space,) if watched is self.list else ()))
        if key == Qt.Key.Key_Escape:
            self.close_list()
        elif key in picks and item is not None:
            self._pick(item)
        elif watched is self.search and key in (Qt.Key.Key_Down, Qt.Key.Key_PageDown):
            self.list.setFocus()
        elif watched is self.list and self.search.isVisible() and self._returns(event):
            self.search.setFocus()
            self.search.insert(event.text())
        else:
            return False
        return True

    def _returns(self, event: QKeyEvent) -> bool:
        """Return whether the key belongs to the search field: a character, or Up in the first row."""
        letter = bool(event.text()) and event.text().isprintable()
        return letter or (event.key() == Qt.Key.Key_Up and self.list.currentRow() <= 0)

    def _pick(self, item: QListWidgetItem) -> None:
        self.picked.emit(item.data(Qt.ItemDataRole.UserRole))
        self.search.selectAll()  # the next text replaces it

    def _fill(self) -> None:
        self.list.clear()
        hits = matching(self._entries, self.search.text())
        for entry in hits:
            item = QListWidgetItem(entry.text)
            item.setData(Qt.ItemDataRole.UserRole, entry.value)
            item.setData(_BESIDE, f" · {entry.beside}" if entry.beside else "")
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(self._check_state(entry.value))
            self.list.addItem(item)
        marked = next((row for row, entry in enumerate(hits) if entry.value in self._chosen), 0)
        self.list.setCurrentRow(0 if self.search.text() else marked)
        self.none.setVisible(not hits)
        self.list.setVisible(bool(hits))

    def _check_state(self, value: str) -> Qt.CheckState:
        return Qt.CheckState.Checked if value in self._chosen else Qt.CheckState.Unchecked

    def _move_beside_anchor(self) -> None:
        """Move the list to the side of the anchor that has room for more rows."""
        window = self._anchor.window()
        self.setParent(window)
        at = QRect(self._anchor.mapTo(window, QPoint()), self._anchor.size())
        below, above = window.height() - at.bottom() - SPACING.small, at.top() - SPACING.small
        rest = (control_height() + SPACING.hair if len(self._entries) > MOST_ROWS else 0) + 2 * SPACING.hair
        row = max(1, self.list.sizeHintForRow(0))
        high = rest + row * min(MOST_ROWS, len(self._entries))
        down = below >= high or below >= above
        high = min(high, max(below if down else above, rest + row))
        bar = self.list.verticalScrollBar().sizeHint().width()
        wide = max(at.width(), self.list.sizeHintForColumn(0) + bar + 2 * SPACING.hair)
        wide = min(wide, window.width() - 2 * SPACING.small)
        left = max(SPACING.small, min(at.left(), window.width() - wide - SPACING.small))
        top = at.bottom() + SPACING.hair if down else at.top() - SPACING.hair - high
        self.setGeometry(left, top, wide, high)
