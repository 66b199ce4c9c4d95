"""Cards that the keyboard reaches, and cards side by side in as many columns as there is room for."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QFrame, QGridLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

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


def scrolling(inside: QWidget) -> QScrollArea:
    """Let what is inside scroll up and down. One area is on a page, or one beside another; none is in another."""
    area = QScrollArea()
    area.setWidget(inside)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area


class DialogBody(QScrollArea):
    """What a dialog says; it scrolls where the screen is too low for it. ``finish`` puts buttons below it."""

    def __init__(self, dialog: QDialog) -> None:
        super().__init__()
        self._dialog, self._inside = dialog, QWidget()
        self._inside.setObjectName("list")
        self.column = QVBoxLayout(self._inside)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.setWidget(self._inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._shown = QTimer(self, singleShot=True, interval=0)
        self._shown.timeout.connect(self.fit)

    def finish(self, buttons: QWidget) -> None:
        """Lay the dialog out."""
        whole = QVBoxLayout(self._dialog)
        whole.setContentsMargins(SPACING.wide, SPACING.wide, SPACING.wide, SPACING.wide)
        whole.setSpacing(SPACING.medium)
        whole.addWidget(self, 1)
        whole.addWidget(buttons)

    def minimumSizeHint(self) -> QSize:
        """As wide as what is inside, and a few lines high."""
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(self._inside.minimumSizeHint().width() + bar, SPACING.huge * 2)

    def sizeHint(self) -> QSize:
        """All of it."""
        wanted = max(self._inside.sizeHint().width(), self.minimumSizeHint().width())
        across = max(wanted, self._dialog.width() - 2 * SPACING.wide)
        return QSize(across, self.column.totalHeightForWidth(across))

    def showEvent(self, event: QShowEvent) -> None:
        """Only now it is known how large the letters are, and a turn later how many lines buttons take."""
        super().showEvent(event)
        self.fit()
        self._shown.start()

    def fit(self) -> None:
        """Make the dialog as high as what it says, as far as the screen has room."""
        if (layout := self._dialog.layout()) is None:
            return
        self.updateGeometry()
        layout.invalidate()
        room = self._dialog.screen().availableSize() - QSize(SPACING.huge, SPACING.huge)
        self._dialog.resize(layout.sizeHint().boundedTo(room))


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
