"""Layout that places controls in as many lines as the width requires."""

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.ui.theme.theme import SPACING


class FlowRow(QWidget):
    """Row of controls that wraps.

    Call ``arrange`` after showing, hiding or renaming a control.
    """

    def __init__(self, controls: Sequence[QWidget], gap: int = SPACING.small) -> None:
        super().__init__()
        self._gap = gap
        self.controls = tuple(controls)
        self._rows = [QHBoxLayout() for _ in self.controls]
        self._placed: list[tuple[int, QWidget]] = []
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(gap)
        for control in self.controls:
            control.setParent(self)
        for row in self._rows:
            row.setSpacing(gap)
            row.addStretch(1)
            column.addLayout(row)

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
            if control.isHidden():
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
