"""Rows of controls that wrap, also of chosen values as chips."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from app.ui.theme.theme import SPACING, Theme
from app.ui.widgets.basic import action_button, control_height, show_icon
from app.ui.widgets.parts import drop, menu_name, tip, vertical


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
        self.hold(controls)

    def hold(self, controls: Sequence[QWidget]) -> None:
        """Hold these controls in this order instead of the previous ones."""
        self._place([])
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
            if control.isHidden() and control.testAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide):
                continue
            across = control.minimumSizeHint().width() + self._gap
            if used and used + across > self.width() + self._gap:
                line, used = line + 1, 0
            placed.append((line, control))
            used += across
        if placed != self._placed:
            self._place(placed)

    def _place(self, placed: list[tuple[int, QWidget]]) -> None:
        for line, control in self._placed:
            self._rows[line].removeWidget(control)
        for line, control in placed:
            self._rows[line].insertWidget(self._rows[line].count() - 1, control)
        self._placed = placed
        self._column.activate()  # at once: the parent layout reads the size in the same turn
        self.updateGeometry()


class ChipRow(FlowRow):
    """Row of chips that calls ``remove`` with the value of a clicked one; ``after``: controls behind the chips.

    A chip is a button with the name of a value and a cross.
    """

    def __init__(self, theme: Theme, remove: Callable[[str], None], after: Sequence[QWidget]) -> None:
        super().__init__(after)
        self._theme, self._remove, self._after = theme, remove, tuple(after)
        self.chips: dict[str, QPushButton] = {}

    def show_values(self, names: Mapping[str, str], says: Callable[[str], str]) -> None:
        """Show the chips of values by their ``names``; ``says`` returns what a chip does, from its name."""
        for value in self.chips.keys() - names.keys():
            drop(self.chips.pop(value))
        self.chips = {value: self.chips.get(value) or self._chip(value) for value in names}
        for value, chip in self.chips.items():
            chip.setText(menu_name(names[value]))
            chip.setFixedHeight(control_height() - SPACING.small)  # letters of some languages are higher
            chip.setAccessibleName(says(names[value]))
            chip.setToolTip(tip(chip.accessibleName()))
            show_icon(chip, "cancel", self._theme.colour("muted"))
        self.hold((*self.chips.values(), *self._after))

    def _chip(self, value: str) -> QPushButton:
        chip = action_button(partial(self._remove, value), "quiet")
        chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the cross stands behind the name
        return chip
