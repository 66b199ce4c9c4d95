"""Sidebar of the window: the pages, what the app is doing, and the menu."""

from collections.abc import Callable
from itertools import pairwise

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QButtonGroup, QMenu, QSizePolicy, QWidget

from app.ui.shell.status import StatusLine
from app.ui.strings.texts import Texts
from app.ui.theme import icons
from app.ui.theme.theme import SPACING, Theme, font, letter_width
from app.ui.widgets.basic import paint_text, refresh_with
from app.ui.widgets.controls import BAR, NavigationButton
from app.ui.widgets.parts import SPACE, caption, vertical

_LETTERS = 28
"""Least width of the sidebar, in average letters: about 200 px."""


class SidebarEntry(NavigationButton):
    """Icon and name of a page or of the menu; ``fold`` leaves the icon, with the name as tool tip."""

    hover = "surface"

    def __init__(self, theme: Theme, picture: str, *, page: bool = True) -> None:
        super().__init__(theme)
        self._picture = picture
        self._named, self._folded = "", False
        self.setCheckable(page)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leads into the page
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)

    def name(self, text: str) -> None:
        """Show this name, which is also the accessible name."""
        self._named = text
        caption(self, "" if self._folded else text, text)
        self.setToolTip(text if self._folded else "")
        self.updateGeometry()

    def fold(self, folded: bool) -> None:
        """Show only the icon, or the icon and the name."""
        self._folded = folded
        self.name(self._named)

    def across(self) -> int:
        """Return the width of icon and name, bold or not."""
        return self._words() + QFontMetrics(_face(chosen=True)).horizontalAdvance(self._named) + SPACING.medium

    def sizeHint(self) -> QSize:
        """Return a size that fits the name in bold and in normal weight."""
        high = QFontMetrics(font()).height() + 2 * SPACING.small + SPACING.hair
        return QSize(2 * SPACING.medium + self._side() if self._folded else self.across(), high)

    def bar(self) -> QRectF:
        """Return a place at the left edge."""
        return QRectF(0, self.height() / 4, BAR, self.height() / 2)

    def paint_name(self, painter: QPainter) -> None:
        """Paint the icon, and the name unless it is folded."""
        chosen, place, side = self.isChecked(), QRectF(self.rect()), self._side()
        mark = QRectF(SPACING.medium, (place.height() - side) / 2, side, side)
        icons.draw(painter, self._picture, mark, self._theme.colour("accent" if chosen else "muted"))
        if not self._folded:
            words = place.adjusted(self._words(), 0, 0, 0)
            paint_text(painter, words, self.text(), _face(chosen=chosen), self._theme.colour("text"))

    def _side(self) -> int:
        return QFontMetrics(font()).height()

    def _words(self) -> int:
        """Return where the name begins."""
        return 2 * SPACING.medium + self._side()


class Sidebar(QWidget):
    """Column of the pages; ``chosen`` gets the name of the clicked page.

    ``menu``: what the window offers beside its pages.
    """

    def __init__(self, theme: Theme, texts: Texts, chosen: Callable[[str], None]) -> None:
        super().__init__()
        self._theme, self._texts, self._chosen = theme, texts, chosen
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.entries: dict[str, SidebarEntry] = {}
        self.folded = False
        self._group = QButtonGroup(self)
        self.menu, self.more = QMenu(self), SidebarEntry(theme, "more", page=False)
        self.more.clicked.connect(self._open_menu)
        self._foot: StatusLine | None = None
        self._pages = vertical(gap=SPACING.hair)
        self._column = vertical(
            self._pages,
            SPACE,
            self.more,
            within=self,
            margins=(SPACING.small, SPACING.medium, SPACING.small, SPACING.small),
        )
        refresh_with(self.refresh, theme, texts)

    def add(self, name: str, picture: str) -> SidebarEntry:
        """Add the entry of a page named by the text ``page.NAME``."""
        entry = SidebarEntry(self._theme, picture)
        self._group.addButton(entry)
        self._pages.addWidget(entry)
        entry.clicked.connect(lambda: self._chosen(name))
        order = (*self.entries.values(), entry, self.more)[-3:]
        for before, after in pairwise(order):  # otherwise a page added earlier would stand between them
            QWidget.setTabOrder(before, after)
        self.entries[name] = entry
        self.refresh()
        return entry

    def put(self, foot: StatusLine) -> None:
        """Add the widget below everything."""
        self._foot = foot
        self._column.addWidget(foot)
        QWidget.setTabOrder(self.more, foot)
        self.refresh()

    def whole(self) -> int:
        """Return the width that shows all names."""
        margins = self.contentsMargins().left() + self.contentsMargins().right() + 2 * SPACING.small
        widest = max((entry.across() for entry in self.entries.values()), default=0)
        return max(widest + margins, letter_width(QFontMetrics(font())) * _LETTERS)

    def fold(self, folded: bool) -> None:
        """Show only icons, or icons and names."""
        self.folded = folded
        for entry in (*self.entries.values(), self.more):
            entry.fold(folded)
        if self._foot is not None:
            self._foot.fold(folded)
        icon = 2 * SPACING.medium + QFontMetrics(font()).height() + 2 * SPACING.small
        self.setFixedWidth(icon if folded else self.whole())

    def refresh(self) -> None:
        """Update all names to the current language, font and colours."""
        for name, entry in self.entries.items():
            entry.name(self._texts(f"page.{name}"))
        self.more.name(self._texts("shell.menu"))
        self.fold(self.folded)

    def _open_menu(self) -> None:
        place = self.more.rect().topLeft() - QPoint(0, self.menu.sizeHint().height())
        self.menu.popup(self.more.mapToGlobal(place))


def _face(*, chosen: bool) -> QFont:
    return font(weight=QFont.Weight.DemiBold if chosen else QFont.Weight.Normal)
