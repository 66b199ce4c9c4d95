"""Table view of the timeline, and the stage on which it scrolls together with head and open take."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from PySide6.QtCore import QEvent, QItemSelectionModel, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QKeySequence, QMouseEvent, QResizeEvent, QShowEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QHeaderView, QMenu, QTableView, QToolTip, QWidget

from app.ui.home.take_delegate import RowButton, TakeDelegate, column, day_height, row_height
from app.ui.home.timeline_model import TimelineModel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SPACING
from app.ui.widgets.basic import application, timer
from app.ui.widgets.menus import Menu
from app.ui.widgets.parts import vertical

_TIPS: Final = {
    RowButton.PLAY: "action.play",
    RowButton.COPY: "action.copy",
    RowButton.RECOVER: "action.recover",
}
_SCROLLED: Final = 3  # a single step scrolls this fraction of a row: 1/3


class TakeTimeline(QTableView):
    """Table view that leaves room for the head of the page and for the open take.

    ``copy_wanted``, ``play_wanted`` and ``recover_wanted``: emitted with the row whose button was clicked.
    """

    copy_wanted, play_wanted, recover_wanted = Signal(int), Signal(int), Signal(int)

    def __init__(self, texts: Texts, model: TimelineModel, delegate: TakeDelegate) -> None:
        super().__init__(showGrid=False)
        self._texts, self._rows, self._delegate = texts, model, delegate
        self._heights: dict[int, int] = {}
        self._days: tuple[int, ...] = ()
        self._pressed: tuple[int, RowButton] | None = None
        self.setObjectName("list")
        self.setModel(model)
        self.setItemDelegate(delegate)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        sizing = QHeaderView.ResizeMode
        for header, mode in ((self.horizontalHeader(), sizing.Stretch), (self.verticalHeader(), sizing.Fixed)):
            header.hide()
            header.setMinimumSectionSize(1)
            header.setSectionResizeMode(mode)

    def measure(self) -> None:
        """Set the default height of every row, after a reset of the model or a change of the font.

        Qt keeps the heights of rows through a reset, although they now belong to other days or takes. ``fit`` must
        follow.
        """
        rows, usual = self.verticalHeader(), row_height()
        rows.setDefaultSectionSize(usual)
        rows.setUpdatesEnabled(False)
        for row in {*self._days, *self._heights}:
            rows.resizeSection(row, usual)
        self._days, self._heights = tuple(self._rows.heads()), {}
        for row in self._days:
            rows.resizeSection(row, day_height())
        rows.setUpdatesEnabled(True)
        self.verticalScrollBar().setSingleStep(usual // _SCROLLED)

    def fit(self, heights: Mapping[int, int]) -> None:
        """Set the heights of these rows, and the default heights of all others."""
        for row in self._heights.keys() - heights.keys():
            if row < self._rows.rowCount():
                self.setRowHeight(row, row_height())
        for row, height in heights.items():
            if row < self._rows.rowCount() and self.rowHeight(row) != height:
                self.setRowHeight(row, height)
        self._heights = dict(heights)
        self.updateGeometries()

    def make_current(self, key: int | None) -> None:
        """Make this take current, without selecting it or scrolling to it.

        If it is not listed any more, make the take in its place current; without a key, the newest.
        """
        index = self._rows.index(self._rows.row_of(0) if key is None else self._rows.row_near_key(key))
        self.setAutoScroll(False)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.setAutoScroll(True)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Make a take current, so that the focus ring is visible; a click does this itself."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and event.reason() != Qt.FocusReason.MouseFocusReason:
            self.make_current(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Press a row's button, or select."""
        left = event.button() == Qt.MouseButton.LeftButton
        self._pressed = self._button_at(event.position().toPoint()) if left else None
        if self._pressed is None:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Select while dragging, unless a button was pressed."""
        if self._pressed is None:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Complete the click on a row's button, or the selection."""
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            return super().mouseReleaseEvent(event)
        if self._button_at(event.position().toPoint()) != pressed:
            return
        row, button = pressed
        wanted = {
            RowButton.PLAY: self.play_wanted,
            RowButton.COPY: self.copy_wanted,
            RowButton.RECOVER: self.recover_wanted,
        }
        wanted[button].emit(row)
        if button is RowButton.COPY:
            QToolTip.showText(event.globalPosition().toPoint(), self._texts("action.copied"), self)

    def viewportEvent(self, event: QEvent) -> bool:
        """Show the tool tip of the button under the pointer."""
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
"""Key of the entry's text, its shortcut in the timeline, and its function."""


def row_menu(parent: QWidget, texts: Texts, entries: Iterable[Entry]) -> QMenu:
    """Return a menu with these entries, which deletes itself when it closes."""
    menu = Menu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for name, key, act in entries:
        action = menu.addAction(texts(name))
        if key is not None:
            action.setShortcut(QKeySequence(key))
            action.setShortcutVisibleInContextMenu(True)
        action.triggered.connect(act)
    return menu


class Stage(QWidget):
    """Area in which timeline, head and open take scroll together.

    Head and open take are siblings of the timeline, so that screen readers find them. ``opened``: the row of the
    open take.
    """

    def __init__(self, timeline: TakeTimeline, takes: TimelineModel, head: QWidget, panel: QWidget) -> None:
        super().__init__()
        self._list, self._takes, self._head, self._panel = timeline, takes, head, panel
        self.opened: int | None = None
        self._fitting = timer(self, 0, self._fit_again)
        self._opening = False
        vertical(timeline, within=self)
        for part in (head, panel):
            part.setParent(self)
            part.installEventFilter(self)
        panel.hide()
        timeline.verticalScrollBar().valueChanged.connect(self._place_parts)
        application().focusChanged.connect(self._scroll_to_focus)

    def fit(self) -> None:
        """Make room in the timeline for the head and the open take."""
        across = column(self._list.viewport().rect()).toRect().width()
        heights = {0: _height(self._head, across) + SPACING.small}
        if self.opened is not None:
            heights[self.opened] = _height(self._panel, across) + SPACING.small
        self._list.fit(heights)
        self._place_parts()

    def show_part(self, part: QRect) -> None:
        """Scroll until this rectangle is visible, or at least its top if it is too high."""
        bar = self._list.verticalScrollBar()
        top, below = part.top() - SPACING.small, part.bottom() + SPACING.small - self._list.viewport().height()
        bar.setValue(bar.value() + (top if top < 0 else max(0, min(top, below))))

    def show_open(self) -> None:
        """Scroll to the open take, and once more when it has its final height."""
        self._opening = True
        self.show_part(self._panel.geometry())

    def show_in_open(self, part: QRect) -> None:
        """Scroll to a part of the open take."""
        self.show_part(part.translated(self._panel.pos()))

    def scroll_place(self) -> tuple[int | None, int, int]:
        """Return the key of the take near the upper edge, its position, and the value of the scroll bar."""
        row = self._list.rowAt(SPACING.huge)
        return self._takes.key(row), self._list.rowViewportPosition(row), self._list.verticalScrollBar().value()

    def see(self, key: int | None, place: int, value: int) -> None:
        """Restore a ``scroll_place``, so that takes added above move nothing on the screen."""
        row = None if key is None else self._takes.row_of_key(key)
        moved = 0 if row is None else self._list.rowViewportPosition(row) - place
        bar = self._list.verticalScrollBar()
        bar.setValue(value if row is None else bar.value() + moved)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Schedule ``fit`` when the layout of head or open take changes."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._fitting.start()
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Schedule ``fit`` for the new width."""
        self._fitting.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Call ``fit`` before the first paint."""
        self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the timeline while the pointer is over the head or the open take."""
        QApplication.sendEvent(self._list.verticalScrollBar(), event)

    def _fit_again(self) -> None:
        before = self._panel.height()
        self.fit()
        if self._opening:
            self.show_part(self._panel.geometry())
            self._opening = self._panel.height() != before

    def _place_parts(self) -> None:
        place = column(self._list.viewport().rect()).toRect()
        for part, row in ((self._head, 0), (self._panel, self.opened)):
            part.setVisible(row is not None)
            if row is not None:
                top, height = self._list.rowViewportPosition(row), self._list.rowHeight(row) - SPACING.small
                part.setGeometry(place.left(), top + (SPACING.hair if row else 0), place.width(), height)

    def _scroll_to_focus(self, _: QWidget | None, new: QWidget | None) -> None:
        """Scroll to a control that got the focus, unless it is too high, like a long text with its own cursor."""
        inside = new is not None and any(part.isAncestorOf(new) for part in (self._head, self._panel))
        if inside and new is not None and new.height() < self._list.viewport().height():
            self.show_part(QRect(new.mapTo(self, QPoint(0, 0)), new.size()))


def _height(part: QWidget, across: int) -> int:
    """Return the height that a widget needs at this width."""
    layout = part.layout()
    assert layout is not None
    layout.activate()
    if layout.hasHeightForWidth():
        return max(layout.totalHeightForWidth(across), layout.totalMinimumSize().height())
    return layout.totalSizeHint().height()
