"""View of the timeline: rows of different heights in a column, which scrolls with the whole page."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QToolTip, QWidget

from app.ui.home.take_delegate import RowButton, TakeDelegate, day_height, row_height
from app.ui.home.timeline_model import TimelineModel
from app.ui.strings.texts import Texts

_TIPS: Final = {RowButton.PLAY: "action.play", RowButton.COPY: "action.copy"}
_SCROLLED: Final = 3  # parts of a row that one step of the wheel scrolls


class TakeTimeline(QTableView):
    """View that leaves room for the head of the page and for the open take.

    ``copies`` and ``plays``: emitted with the row whose button was clicked.
    """

    copies, plays = Signal(int), Signal(int)

    def __init__(self, texts: Texts, model: TimelineModel, delegate: TakeDelegate) -> None:
        super().__init__()
        self._texts, self._rows, self._delegate = texts, model, delegate
        self._heights: dict[int, int] = {}
        self._pressed: tuple[int, RowButton] | None = None
        self.setObjectName("list")
        self.setModel(model)
        self.setItemDelegate(delegate)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.horizontalHeader().hide()
        self.horizontalHeader().setMinimumSectionSize(1)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(1)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    def measure(self) -> None:
        """Set the usual height of every row: after each reset of the model and for another font.

        ``fit`` must follow.
        """
        rows, day = self.verticalHeader(), day_height()
        rows.setDefaultSectionSize(row_height())
        rows.setUpdatesEnabled(False)
        for row in self._rows.heads():
            rows.resizeSection(row, day)
        rows.setUpdatesEnabled(True)
        self.verticalScrollBar().setSingleStep(row_height() // _SCROLLED)
        self._heights = {}

    def fit(self, heights: Mapping[int, int]) -> None:
        """Give these rows these heights, and all others their usual ones."""
        for row in self._heights.keys() - heights.keys():
            if row < self._rows.rowCount():
                self.setRowHeight(row, row_height())
        for row, height in heights.items():
            if row < self._rows.rowCount() and self.rowHeight(row) != height:
                self.setRowHeight(row, height)
        self._heights = dict(heights)
        self.updateGeometries()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click on a row's button, or select."""
        left = event.button() == Qt.MouseButton.LeftButton
        self._pressed = self._button_at(event.position().toPoint()) if left else None
        if self._pressed is None:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Select while dragging, unless a button was pressed."""
        if self._pressed is None:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a click on a button, or a selection."""
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            return super().mouseReleaseEvent(event)
        if self._button_at(event.position().toPoint()) != pressed:
            return
        row, button = pressed
        if button is RowButton.PLAY:
            return self.plays.emit(row)
        self.copies.emit(row)
        QToolTip.showText(event.globalPosition().toPoint(), self._texts("action.copied"), self)

    def viewportEvent(self, event: QEvent) -> bool:
        """Name the button under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            if found := self._button_at(event.pos()):
                QToolTip.showText(event.globalPos(), self._texts(_TIPS[found[1]]), self)
            return True
        return super().viewportEvent(event)

    def _button_at(self, point: QPoint) -> tuple[int, RowButton] | None:
        """Return the row and the button at a point of the viewport."""
        index = self.indexAt(point)
        take = self._rows.take(index.row()) if index.isValid() else None
        places = self._delegate.buttons(self.visualRect(index), take) if take else {}
        return next(((index.row(), one) for one, place in places.items() if place.contains(point)), None)


Entry = tuple[str, Qt.Key | QKeySequence.StandardKey | None, Callable[[], None]]
"""Key of the text, hotkey in the timeline, and what the entry does."""


def row_menu(parent: QWidget, texts: Texts, entries: Iterable[Entry]) -> QMenu:
    """Return a menu with these entries, which deletes itself when it closes."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for name, key, act in entries:
        action = menu.addAction(texts(name))
        if key is not None:
            action.setShortcut(QKeySequence(key))
            action.setShortcutVisibleInContextMenu(True)
        action.triggered.connect(act)
    return menu
