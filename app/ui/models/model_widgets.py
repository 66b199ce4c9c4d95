"""Controls used only by the list of models."""

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from app.models.view import ModelState
from app.ui.theme.theme import RADII, SPACING, Theme, font
from app.ui.widgets.basic import StateIcon, control_height, ring

SHAPES: Final = {
    ModelState.MISSING: ("idle", "muted"),
    ModelState.QUEUED: ("arming", "muted"),
    ModelState.FETCHING: ("drop", "accent"),
    ModelState.PAUSED: ("pause", "warning"),
    ModelState.BUSY: ("waiting", "muted"),
    ModelState.IMPORTING: ("folder", "accent"),
    ModelState.VERIFYING: ("waiting", "accent"),
    ModelState.INSTALLED: ("done", "accent"),
    ModelState.DAMAGED: ("failed", "warning"),
    ModelState.FAILED: ("failed", "warning"),
    ModelState.REMOVING: ("cancelled", "muted"),
}
"""Icon and colour name of each state."""


class ModelShape(StateIcon[ModelState]):
    """Icon for the state of a model."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, SHAPES, ModelState.MISSING)


class Pick(QAbstractButton):
    """Radio button that marks the model in use with a dot in a circle."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setCheckable(True)
        self.setAutoExclusive(True)  # so that screen readers announce one of several
        self.setFont(font())
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return the width of circle and text at the height of a control."""
        across = self.fontMetrics().horizontalAdvance(self.text()) + self._side + SPACING.small
        return QSize(across + 2 * SPACING.small, control_height())

    def minimumSizeHint(self) -> QSize:
        """Return the preferred size, so that the text is never cut."""
        return self.sizeHint()

    @property
    def _side(self) -> int:
        return self.fontMetrics().ascent()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the circle, the dot and the text."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on, side, theme = self.isChecked(), float(self._side), self._theme
        live = on or (self.underMouse() and self.isEnabled())
        circle = QRectF(SPACING.small, (self.height() - side) / 2, side, side).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(theme.colour("accent" if live else "edge"), 1.5))
        painter.setBrush(theme.colour("surface"))
        painter.drawEllipse(circle)
        if on:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("accent"))
            inset = circle.width() / 4
            painter.drawEllipse(circle.adjusted(inset, inset, -inset, -inset))
        painter.setPen(theme.colour("text" if self.isEnabled() else "muted"))
        place = self.rect().adjusted(int(circle.right()) + SPACING.small, 0, 0, 0)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())
        if self.hasFocus():
            ring(painter, QRectF(self.rect()), theme.colour("accent"), RADII.small)
