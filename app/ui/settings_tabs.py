"""The list of sections beside the settings: one is chosen, the arrows go through them."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QVBoxLayout, QWidget

from app.ui.theme import RADII, SPACING, Theme, font
from app.ui.widgets import ring

_BAR = 3.0


class SectionTab(QAbstractButton):
    """The name of a section, with a bar beside it while that is shown."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Maximum)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Room for the name, bold or not."""
        metrics = QFontMetrics(self._font(chosen=True))
        across = metrics.horizontalAdvance(self.text()) + 2 * SPACING.large
        return QSize(across, metrics.height() + 2 * SPACING.small)

    def minimumSizeHint(self) -> QSize:
        """All of it is read; on a low screen the sections stand closer, so that they need not scroll."""
        return self.sizeHint() - QSize(0, 2 * SPACING.small)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Its name, on a ground with a bar when chosen: not its colour alone."""
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
        """A larger font needs more room."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()

    def _font(self, *, chosen: bool) -> QFont:
        return font(weight=QFont.Weight.DemiBold if chosen else QFont.Weight.Normal)


class SectionTabs(QWidget):
    """``chosen`` is told which one a person wants."""

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
        """One more of them, there."""
        tab = self.tabs[name] = SectionTab(self._theme)
        tab.setObjectName(f"section.{name}")
        self._group.addButton(tab)
        self._column.insertWidget(place, tab)
        tab.clicked.connect(lambda: self._chosen(name))

    def choose(self, name: str) -> None:
        """This one is shown; empty: none of them, or all."""
        self._group.setExclusive(bool(name))
        for known, tab in self.tabs.items():
            tab.setChecked(known == name)
