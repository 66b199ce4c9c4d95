"""Row of the settings sections, navigated with the arrow keys; it wraps where the letters are large."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QWidget

from app.ui.theme.theme import SPACING, Theme, font
from app.ui.widgets.basic import paint_text
from app.ui.widgets.flow_layout import FlowRow
from app.ui.widgets.layouts import vertical
from app.ui.widgets.option_buttons import BAR, NavigationButton


class SectionTab(NavigationButton):
    """Name of a section, with a bar below it while the section is shown."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the size of the name with its margins."""
        metrics = QFontMetrics(font())
        across = metrics.horizontalAdvance(self.text()) + 2 * SPACING.medium
        return QSize(across, metrics.height() + 2 * SPACING.small)

    def minimumSizeHint(self) -> QSize:
        """Return the whole size, because a cut name would be unreadable."""
        return self.sizeHint()

    def bar(self) -> QRectF:
        """Return a place below the name."""
        return QRectF(SPACING.medium, self.height() - BAR - 1, self.width() - 2 * SPACING.medium, BAR)

    def paint_name(self, painter: QPainter) -> None:
        """Paint the name in the middle."""
        ink = self._theme.colour("text" if self.isChecked() or self.underMouse() else "muted")
        paint_text(painter, QRectF(self.rect()), self.text(), font(), ink, Qt.AlignmentFlag.AlignCenter)


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
        vertical(self._row, within=self)

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
