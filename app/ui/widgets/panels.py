"""Rows that wrap, chips, panels, columns, scroll areas, and the order of the focus."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, pairwise
from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

from app.ui.theme.theme import CONTENT_WIDTH, RADII, SPACING, Theme
from app.ui.widgets.basic import (
    Card,
    EventFilter,
    action_button,
    control_height,
    paint_focus,
    paint_line,
    show_icon,
)
from app.ui.widgets.parts import CARD, SPACE, delete_widget, horizontal, menu_name, stretched, tool_tip, vertical

_LEVELS: Final = 6
"""Most levels of layouts between a text and its scroll area."""


def hides_itself(widget: QWidget) -> bool:
    """Return whether a widget was hidden explicitly, rather than not shown yet."""
    return widget.isHidden() and widget.testAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide)


class FlowRow(QWidget):
    """Row of controls that wraps.

    Call ``arrange`` after showing, hiding or renaming a control.
    """

    def __init__(self, controls: Sequence[QWidget], gap: int = SPACING.small) -> None:
        super().__init__(sizePolicy=QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed))
        self._gap = gap
        self.controls: tuple[QWidget, ...] = ()
        self._rows: list[QHBoxLayout] = []
        self._placed: list[tuple[int, QWidget]] = []
        self._column = vertical(within=self, gap=gap)
        # Otherwise a row without a parent gets the minimum width of a window, and keeps it on hidden pages.
        self._column.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.hold(controls)

    def hold(self, controls: Sequence[QWidget]) -> None:
        """Hold these controls in this order instead of the previous ones."""
        self._fill_rows([])
        self.controls = tuple(controls)
        for control in self.controls:
            if control.parent() is not self:
                control.setParent(self)
        while len(self._rows) < len(self.controls):
            row = QHBoxLayout()
            row.setSpacing(self._gap)
            row.addStretch(1)
            self._column.addLayout(row)
            self._rows.append(row)
        self.arrange()

    @property
    def widest(self) -> int:
        """Smallest width that cuts off no control, including hidden ones."""
        return max((control.minimumSizeHint().width() for control in self.controls), default=0)

    def minimumSizeHint(self) -> QSize:
        """Return the width of the widest control; the others wrap."""
        return QSize(self.widest, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the controls for the new width."""
        self.arrange()

    def arrange(self) -> None:
        """Place as many controls in each line as fit."""
        line, used = 0, 0
        placed: list[tuple[int, QWidget]] = []
        for control in self.controls:
            if hides_itself(control):
                continue
            across = control.minimumSizeHint().width() + self._gap
            if used and used + across > self.width() + self._gap:
                line, used = line + 1, 0
            placed.append((line, control))
            used += across
        if placed != self._placed:
            self._fill_rows(placed)

    def _fill_rows(self, placed: list[tuple[int, QWidget]]) -> None:
        for line, control in self._placed:
            self._rows[line].removeWidget(control)
        for line, control in placed:
            self._rows[line].insertWidget(self._rows[line].count() - 1, control)
        self._placed = placed
        self._column.activate()  # now, because the parent's layout reads the size at once
        self.updateGeometry()


class ChipRow(FlowRow):
    """Row of chips, buttons with the name of a value and a cross, followed by the controls ``after``.

    ``remove`` is called with the value of a clicked chip.
    """

    def __init__(self, theme: Theme, remove: Callable[[str], None], after: Sequence[QWidget]) -> None:
        super().__init__(after)
        self._theme, self._remove, self._after = theme, remove, tuple(after)
        self.chips: dict[str, QPushButton] = {}

    def show_values(self, names: Mapping[str, str], description: Callable[[str], str]) -> None:
        """Show a chip for each value in ``names``; ``description`` returns the accessible text for a name."""
        for value in self.chips.keys() - names.keys():
            delete_widget(self.chips.pop(value))
        self.chips = {value: self.chips.get(value) or self._chip(value) for value in names}
        for value, chip in self.chips.items():
            chip.setText(menu_name(names[value]))
            chip.setFixedHeight(control_height() - SPACING.small)  # fixed, because some scripts are higher
            chip.setAccessibleName(description(names[value]))
            chip.setToolTip(tool_tip(chip.accessibleName()))
            show_icon(chip, "cancel", self._theme.colour("muted"))
        self.hold((*self.chips.values(), *self._after))

    def _chip(self, value: str) -> QPushButton:
        chip = action_button(partial(self._remove, value), "quiet")
        chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # puts the cross after the name
        return chip


class Panel(Card):
    """Card that can have the focus, so that screen readers read its accessible name."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.column = vertical(within=self, margins=CARD)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the card, and the focus ring."""
        super().paintEvent(event)
        paint_focus(QPainter(self), self, self._theme, RADII.small * 2)


class LinedRow(QWidget):
    """Row of a list, with a line above it unless it is the ``first``."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self.first = theme, True

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the line above all rows but the first."""
        if not self.first:
            end = QPointF(self.width(), 0.5)
            paint_line(QPainter(self), QPointF(0, 0.5), end, self._theme.colour("line"))


def area_around(widget: QWidget | None) -> QScrollArea | None:
    """Return the innermost scroll area that holds a widget, or ``None``."""
    around = widget.parentWidget() if widget is not None else None
    while around is not None and not isinstance(around, QScrollArea):
        around = around.parentWidget()
    return around


def bring_into_sight(widget: QWidget) -> None:
    """Scroll the enclosing scroll area to a widget; Qt does so only when Tab moves the focus."""
    around = area_around(widget)
    if around is not None and (inside := around.widget()) is not None:
        top = widget.mapTo(inside, QPoint()).y()  # ``ensureWidgetVisible`` would only show a text's cursor line
        for y in (top + widget.height(), top):
            around.ensureVisible(around.horizontalScrollBar().value(), y, 0, SPACING.large)


def lay_out_now() -> None:
    """Process pending layout requests at once.

    Qt would process one level of parents per iteration of the event loop, and each would be visible.
    """
    for _ in range(_LEVELS):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)


def follow_visibility(widget: QWidget, on_change: Callable[[bool], None]) -> None:
    """Call ``on_change`` with True when the widget appears, and with False when it is hidden."""

    def handle(event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            on_change(event.type() == QEvent.Type.Show)
        return False

    widget.installEventFilter(EventFilter(widget, handle))


def update_above(widget: QWidget) -> None:
    """Report a new height to all parents at once.

    Qt would report it to one level per iteration of the event loop, and each would be visible.
    """
    around: QWidget | None = widget
    while around is not None and not isinstance(around, QScrollArea):
        around.updateGeometry()
        around = around.parentWidget()


def widgets_in(layout: QLayout) -> list[QWidget]:
    """Return the widgets directly in a layout, in order."""
    items = (layout.itemAt(place) for place in range(layout.count()))
    return [part for item in items if item is not None and (part := item.widget()) is not None]


def focus_chain(window: QWidget) -> Iterator[QWidget]:
    """Yield the controls of a window that the Tab key visits, in its order, including hidden ones."""
    stop = window.nextInFocusChain()
    while stop is not None and stop is not window:
        if stop.focusPolicy() & Qt.FocusPolicy.TabFocus:
            yield stop
        stop = stop.nextInFocusChain()


def order_focus(parts: Sequence[QWidget]) -> None:
    """Make the Tab key visit these parts in this order, instead of the order of creation.

    The controls within a part keep their order.
    """
    stops: dict[QWidget, list[QWidget]] = {part: [] for part in parts}
    for stop in focus_chain(parts[0].window()):
        for part in parts:
            if part.isAncestorOf(stop):
                stops[part].append(stop)
    for before, after in pairwise(chain.from_iterable(stops.values())):
        QWidget.setTabOrder(before, after)


def scrolling(inside: QWidget, area: QScrollArea | None = None) -> QScrollArea:
    """Return a vertical scroll area around a widget; ``area``: the area to use.

    Scroll areas of a page must not be nested.
    """
    area = area or QScrollArea()
    area.setWidget(inside)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area


def centred(inside: QWidget) -> QWidget:
    """Return a widget that centres ``inside``, which becomes at most ``CONTENT_WIDTH`` pixels wide."""
    around = QWidget()
    around.setObjectName("page")
    inside.setMaximumWidth(CONTENT_WIDTH)
    horizontal(SPACE, stretched(inside, 1_000), SPACE, within=around, margins=(SPACING.wide, 0), gap=None)
    return around


class Columns(QWidget):
    """Grid of widgets in at most ``most`` columns.

    ``least``: returns the minimum width of a column at the current text size, in pixels.
    """

    def __init__(self, least: Callable[[], int], most: int) -> None:
        super().__init__(sizePolicy=QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum))
        self._least, self._most = least, most
        self._shown: tuple[QWidget, ...] = ()
        self.across = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACING.medium)

    def show_widgets(self, widgets: Sequence[QWidget]) -> bool:
        """Show these widgets in order, and return whether they differ from the previous ones."""
        if tuple(widgets) == self._shown:
            return False
        self._clear()
        for widget in self._shown:
            widget.setVisible(widget in widgets)
        self._shown = tuple(widgets)
        self._fill_grid(self._fitting())
        return True

    def minimumSizeHint(self) -> QSize:
        """Return the minimum size of a single column."""
        return QSize(min(self._least(), SPACING.huge * 4), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Change the number of columns to fit the width."""
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Change the number of columns to fit a new text size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        if (across := self._fitting()) != self.across:
            self._clear()
            self._fill_grid(across)

    def _fitting(self) -> int:
        fitting = (self.width() + SPACING.medium) // (self._least() + SPACING.medium)
        return max(1, min(self._most, fitting))

    def _clear(self) -> None:
        for widget in self._shown:
            # Not ``takeAt``, whose items stay alive in Python, so that new ones would keep old heights.
            self._grid.removeWidget(widget)

    def _fill_grid(self, across: int) -> None:
        self.across = across
        for number, widget in enumerate(self._shown):
            self._grid.addWidget(widget, number // across, number % across)
            widget.show()
        for column in range(self._most):
            self._grid.setColumnStretch(column, 1 if column < across else 0)
