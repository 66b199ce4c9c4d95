"""Timeline with the head of the page and the open take, which scroll with it."""

from PySide6.QtCore import QEvent, QObject, QPoint, QRect
from PySide6.QtGui import QResizeEvent, QShowEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from app.ui.home.take_delegate import column
from app.ui.home.timeline import TakeTimeline
from app.ui.home.timeline_model import TimelineModel
from app.ui.theme.theme import SPACING
from app.ui.widgets.basic import application, timer
from app.ui.widgets.layouts import vertical


class Stage(QWidget):
    """Area in which everything scrolls together.

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
        timeline.verticalScrollBar().valueChanged.connect(self._place)
        application().focusChanged.connect(self._focused)

    def fit(self) -> None:
        """Make room in the timeline for the head and the open take."""
        across = column(self._list.viewport().rect()).toRect().width()
        heights = {0: _height(self._head, across) + SPACING.small}
        if self.opened is not None:
            heights[self.opened] = _height(self._panel, across) + SPACING.small
        self._list.fit(heights)
        self._place()

    def show_part(self, part: QRect) -> None:
        """Scroll so that this part is visible, at least its upper end."""
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

    def seen(self) -> tuple[int | None, int, int]:
        """Return the take at the upper edge, its place and that of the scroll bar."""
        row = self._list.rowAt(SPACING.huge)
        return self._takes.key(row), self._list.rowViewportPosition(row), self._list.verticalScrollBar().value()

    def see(self, key: int | None, place: int, value: int) -> None:
        """Keep a take at its place on the screen although takes were added above."""
        row = None if key is None else self._takes.row_of_key(key)
        moved = 0 if row is None else self._list.rowViewportPosition(row) - place
        bar = self._list.verticalScrollBar()
        bar.setValue(value if row is None else bar.value() + moved)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Fit head and open take soon after they want another size."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._fitting.start()
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit head and open take to the width."""
        super().resizeEvent(event)
        self._fitting.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Fit everything before it is drawn."""
        self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll also while the pointer is over the head or the open take."""
        QApplication.sendEvent(self._list.verticalScrollBar(), event)

    def _fit_again(self) -> None:
        before = self._panel.height()
        self.fit()
        if self._opening:
            self.show_part(self._panel.geometry())
            self._opening = self._panel.height() != before

    def _place(self) -> None:
        place = column(self._list.viewport().rect()).toRect()
        for part, row in ((self._head, 0), (self._panel, self.opened)):
            part.setVisible(row is not None)
            if row is not None:
                top, height = self._list.rowViewportPosition(row), self._list.rowHeight(row) - SPACING.small
                part.setGeometry(place.left(), top + (SPACING.hair if row else 0), place.width(), height)

    def _focused(self, _: QWidget | None, new: QWidget | None) -> None:
        """Scroll to a control that got the focus; the text scrolls to its cursor by itself."""
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
