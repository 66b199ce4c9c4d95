"""Cards that the keyboard reaches, and cards side by side in as many columns as there is room for."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app.ui.theme import RADII, SPACING, Theme
from app.ui.widgets import ring


class Panel(QFrame):
    """A surface for what belongs together. With the focus it is marked, and read out by its accessible name."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setProperty("role", "card")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(SPACING.large, SPACING.medium, SPACING.large, SPACING.medium)
        self.column.setSpacing(SPACING.small)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The card, and the ring of the focus."""
        super().paintEvent(event)
        if self.hasFocus():
            ring(QPainter(self), QRectF(self.rect()), self._theme.colour("accent"), RADII.small * 2)


def bring_into_sight(widget: QWidget) -> None:
    """Scroll to it, where it lies in something that scrolls. Qt does so only when Tab brings the focus."""
    around = widget.parentWidget()
    while around is not None and not isinstance(around, QScrollArea):
        around = around.parentWidget()
    if around is not None:
        around.ensureWidgetVisible(widget, 0, SPACING.large)


class Columns(QWidget):
    """Widgets in rows, each at least ``least`` pixels wide where the whole is; at most ``most`` side by side."""

    def __init__(self, least: int, most: int) -> None:
        super().__init__()
        self._least, self._most = least, most
        self._shown: tuple[QWidget, ...] = ()
        self._across = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACING.medium)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)

    @property
    def across(self) -> int:
        """How many are side by side."""
        return self._across

    def show_widgets(self, widgets: Sequence[QWidget]) -> bool:
        """These, in order; whether they are others than before."""
        if tuple(widgets) == self._shown:
            return False
        for widget in self._shown:
            widget.setVisible(widget in widgets)
        self._shown = tuple(widgets)
        self._place(self._fitting())
        return True

    def minimumSizeHint(self) -> QSize:
        """One column."""
        return QSize(min(self._least, SPACING.huge * 4), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width holds another number."""
        if (across := self._fitting()) != self._across:
            self._place(across)

    def _fitting(self) -> int:
        fitting = (self.width() + SPACING.medium) // (self._least + SPACING.medium)
        return max(1, min(self._most, fitting))

    def _place(self, across: int) -> None:
        self._across = across
        while self._grid.count():
            self._grid.takeAt(0)
        for number, widget in enumerate(self._shown):
            self._grid.addWidget(widget, number // across, number % across)
            widget.show()
        for column in range(self._most):
            self._grid.setColumnStretch(column, 1 if column < across else 0)
