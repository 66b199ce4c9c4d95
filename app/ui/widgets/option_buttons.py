"""Buttons of which one is chosen: pages, sections, and a few short options that are all visible."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.ui.theme.theme import RADII, SPACING, Theme, font
from app.ui.widgets.basic import control_height, paint_round, ring, smooth_painter
from app.ui.widgets.checkable_button import CheckableButton
from app.ui.widgets.flow_layout import FlowRow
from app.ui.widgets.layouts import vertical

BAR = 3.0
"""Thickness of the bar on a chosen button."""


class NavigationButton(CheckableButton):
    """Base of buttons with a background and a bar while they are chosen, not just another colour.

    A subclass tells its size, the place of the bar and paints its name. ``hover``: background below the pointer.
    """

    hover = "sunken"

    def bar(self) -> QRectF:
        """Return the place of the bar."""
        raise NotImplementedError

    def paint_name(self, painter: QPainter) -> None:
        """Paint the name on the background."""
        raise NotImplementedError

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint background, bar and name, and the ring of the focus."""
        painter = smooth_painter(self)
        chosen, place = self.isChecked(), QRectF(self.rect())
        if chosen or self.underMouse():
            paint_round(painter, place, RADII.small, self._theme.colour("accent_soft" if chosen else self.hover))
        if chosen:
            paint_round(painter, self.bar(), BAR / 2, self._theme.colour("accent"))
        self.paint_name(painter)
        if self.hasFocus():
            ring(painter, place, self._theme.colour("accent"), RADII.small)


_FRAME: Final = 2
"""Pixels between the outline and the options."""


class OptionButton(CheckableButton):
    """Button of an option; the chosen one has an outline and a background."""

    def __init__(self, theme: Theme, value: str) -> None:
        super().__init__(theme)
        self.value = value
        self.setAutoExclusive(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the size of the text with its margins."""
        across = QFontMetrics(font()).horizontalAdvance(self.text()) + 2 * SPACING.medium
        return QSize(across, control_height() - 2 * _FRAME)

    def minimumSizeHint(self) -> QSize:
        """Return the whole size, because a cut text would be unreadable."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text, with an outline if chosen."""
        painter = smooth_painter(self)
        place, chosen = QRectF(self.rect()), self.isChecked()
        if chosen or self.underMouse():
            edge = self._theme.colour("accent") if chosen else None
            ground = self._theme.colour("accent_soft" if chosen else "sunken")
            paint_round(painter, place.adjusted(0.5, 0.5, -0.5, -0.5), RADII.small - 1, ground, edge)
        painter.setFont(font())
        painter.setPen(self._theme.colour("text"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self.text())
        if self.hasFocus():
            ring(painter, place, self._theme.colour("accent"), RADII.small - 1)


class OptionButtons(QWidget):
    """Row of options of which one is chosen; it wraps where it is too narrow.

    ``chosen`` is emitted with the value of an option that the user chooses.
    """

    chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__(sizePolicy=QSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed))
        self._theme = theme
        self.buttons: list[OptionButton] = []
        self._row = FlowRow((), gap=_FRAME)
        self._column = vertical(self._row, within=self, margins=_FRAME, gap=None)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    @property
    def value(self) -> str:
        """Value of the chosen option; empty if there is none."""
        return next((one.value for one in self.buttons if one.isChecked()), "")

    def show_entries(self, entries: Sequence[tuple[str, str]], chosen: str) -> None:
        """Show values with their texts, and select one."""
        if [one.value for one in self.buttons] != [value for value, _ in entries]:
            self._make([value for value, _ in entries])
        for button, (value, text) in zip(self.buttons, entries, strict=True):
            button.setText(text)
            button.setChecked(value == chosen)
            button.updateGeometry()
            if value == chosen:
                self.setFocusProxy(button)
        self._row.arrange()
        self.updateGeometry()
        self.describe(self.accessibleName(), self.accessibleDescription())

    def describe(self, name: str, about: str) -> None:
        """Name the choice and each option for screen readers."""
        self.setAccessibleName(name)
        self.setAccessibleDescription(about)
        for button in self.buttons:
            button.setAccessibleName(f"{name}: {button.text()}" if name else button.text())
            button.setAccessibleDescription(about)

    @property
    def across(self) -> int:
        """Width in which all options stand in one row."""
        widths = [one.sizeHint().width() + _FRAME for one in self.buttons]
        return sum(widths) + _FRAME

    def sizeHint(self) -> QSize:
        """Return the width of all options in one row."""
        return QSize(self.across, super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the outline of the row."""
        painter = smooth_painter(self)
        paint_round(
            painter,
            QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5),
            RADII.small,
            self._theme.colour("surface"),
            self._theme.colour("edge"),
        )

    def _make(self, values: Sequence[str]) -> None:
        for button in self.buttons:
            button.deleteLater()
        self.buttons = [OptionButton(self._theme, value) for value in values]
        self._row.hold(self.buttons)
        for button in self.buttons:
            button.clicked.connect(lambda _, value=button.value: self.chosen.emit(value))
