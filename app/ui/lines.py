"""Controls in as many lines as their width needs: large letters push the last ones into the next line."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.ui.theme import SPACING

_GAP: Final = SPACING.small


class Lines(QWidget):
    """Call ``arrange`` when a control was shown, hidden or named otherwise."""

    def __init__(self, controls: Sequence[QWidget]) -> None:
        super().__init__()
        self.controls = tuple(controls)
        self._rows = [QHBoxLayout() for _ in self.controls]
        self._placed: list[tuple[int, QWidget]] = []
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(_GAP)
        for control in self.controls:
            control.setParent(self)
        for row in self._rows:
            row.setSpacing(_GAP)
            row.addStretch(1)
            column.addLayout(row)

    @property
    def widest(self) -> int:
        """The least width that cuts none of them, shown or not."""
        return max(control.minimumSizeHint().width() for control in self.controls)

    def minimumSizeHint(self) -> QSize:
        """As wide as the widest: the rest goes below."""
        return QSize(self.widest, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width holds another number of them."""
        self.arrange()

    def arrange(self) -> None:
        """As many in a line as fit."""
        line, used = 0, 0
        placed: list[tuple[int, QWidget]] = []
        for control in self.controls:
            if control.isHidden():
                continue
            across = control.minimumSizeHint().width() + _GAP
            if used and used + across > self.width() + _GAP:
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
        self._column.activate()  # now: whoever lays this out asks in the same turn
        self.updateGeometry()
