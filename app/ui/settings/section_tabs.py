"""Vertical list of the settings sections, navigated with the arrow keys."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QVBoxLayout, QWidget

from app.ui.theme.theme import RADII, SPACING, Theme, font
from app.ui.widgets.basic import ring

_BAR = 3.0


class SectionTab(QAbstractButton):
    """Name of a section, with a bar next to it while the section is shown."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Maximum)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return a size that fits the name in bold and in normal weight."""
        metrics = QFontMetrics(self._font(chosen=True))
        across = metrics.horizontalAdvance(self.text()) + 2 * SPACING.large
        return QSize(across, metrics.height() + 2 * SPACING.small)

    def minimumSizeHint(self) -> QSize:
        """Return the full width with less vertical padding, so that all sections fit on a low screen."""
        return self.sizeHint() - QSize(0, 2 * SPACING.small)

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
            bar = QRectF(SPACING.hair, place.height() / 4, _BAR, place.height() / 2)
            painter.setBrush(self._theme.colour("accent"))
            painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)
        painter.setFont(self._font(chosen=chosen))
        painter.setPen(self._theme.colour("text"))
        words = place.adjusted(SPACING.large, 0, -SPACING.small, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())
        if self.hasFocus():
            ring(painter, place, self._theme.colour("accent"), RADII.small)

    def changeEvent(self, event: QEvent) -> None:
        """Ask for more room when the font grows."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()

    def _font(self, *, chosen: bool) -> QFont:
        return font(weight=QFont.Weight.DemiBold if chosen else QFont.Weight.Normal)


class SectionTabs(QWidget):
    """List of section tabs that calls ``chosen`` with the name of the clicked section."""

    def __init__(self, theme: Theme, chosen: Callable[[str], None]) -> None:
        super().__init__()
        self.setObjectName("list")
        self._theme, self._chosen = theme, chosen
        self.tabs: dict[str, SectionTab] = {}
        self._group = QButtonGroup(self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, SPACING.hair, 0)
        self._column.setSpacing(SPACING.hair)
        self._column.addStretch(1)

    def add(self, name: str, place: int) -> None:
        """Insert the tab of a section at a position."""
        tab = self.tabs[name] = SectionTab(self._theme)
        tab.setObjectName(f"section.{name}")
        self._group.addButton(tab)
        self._column.insertWidget(place, tab)
        tab.clicked.connect(lambda: self._chosen(name))

    def choose(self, name: str) -> None:
        """Mark the shown section; an empty name clears the mark during a search."""
        self._group.setExclusive(bool(name))
        for known, tab in self.tabs.items():
            tab.setChecked(known == name)
