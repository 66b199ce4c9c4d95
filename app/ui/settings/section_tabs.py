"""Row of the settings sections, navigated with the arrow keys; it wraps where the letters are large."""

from collections.abc import Callable, Iterable
from typing import Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QVBoxLayout, QWidget

from app.ui.theme.theme import RADII, SPACING, Theme, font
from app.ui.widgets.basic import ring
from app.ui.widgets.flow_layout import FlowRow

_BAR: Final = 3.0


class SectionTab(QAbstractButton):
    """Name of a section, with a bar below it while the section is shown."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return the size of the name with its margins."""
        metrics = QFontMetrics(font())
        across = metrics.horizontalAdvance(self.text()) + 2 * SPACING.medium
        return QSize(across, metrics.height() + 2 * SPACING.small)

    def minimumSizeHint(self) -> QSize:
        """Return the whole size, because a cut name would be unreadable."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the name; the chosen section also has a background and a bar, not just another colour."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen, place = self.isChecked(), QRectF(self.rect())
        painter.setPen(Qt.PenStyle.NoPen)
        if chosen or self.underMouse():
            painter.setBrush(self._theme.colour("accent_soft" if chosen else "sunken"))
            painter.drawRoundedRect(place, RADII.small, RADII.small)
        if chosen:
            across = place.width() - 2 * SPACING.medium
            painter.setBrush(self._theme.colour("accent"))
            painter.drawRoundedRect(
                QRectF(SPACING.medium, place.bottom() - _BAR - 1, across, _BAR), _BAR / 2, _BAR / 2
            )
        painter.setFont(font())
        painter.setPen(self._theme.colour("text" if chosen or self.underMouse() else "muted"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self.text())
        if self.hasFocus():
            ring(painter, place, self._theme.colour("accent"), RADII.small)

    def changeEvent(self, event: QEvent) -> None:
        """Ask for more room when the font grows."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()


class SectionTabs(QWidget):
    """Row of section tabs that calls ``chosen`` with the name of the clicked section."""

    def __init__(self, theme: Theme, names: Iterable[str], chosen: Callable[[str], None]) -> None:
        super().__init__()
        self.tabs = {name: SectionTab(theme) for name in names}
        self._group = QButtonGroup(self)
        for name, tab in self.tabs.items():
            tab.setObjectName(f"section.{name}")
            self._group.addButton(tab)
            tab.clicked.connect(lambda _, name=name: chosen(name))
        self._row = FlowRow(tuple(self.tabs.values()), gap=SPACING.hair)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._row)

    def choose(self, name: str) -> None:
        """Mark the shown section; an empty name clears the mark during a search."""
        self._group.setExclusive(bool(name))
        for known, tab in self.tabs.items():
            tab.setChecked(known == name)

    def arrange(self) -> None:
        """Place the tabs again after their names changed."""
        for tab in self.tabs.values():
            tab.updateGeometry()
        self._row.arrange()
