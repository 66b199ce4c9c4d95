"""Frame of the app's window: pages behind tabs, one visible at a time."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QFont,
    QFontMetrics,
    QHideEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QHBoxLayout,
    QSizePolicy,
    QStackedLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.core.shown_once import ShownOnce
from app.dictation.actions import Verb
from app.messages.actions import Action
from app.ui.dictation.page import usual_size
from app.ui.shell.closing_note import ClosingNote
from app.ui.strings.texts import Texts
from app.ui.theme import icons
from app.ui.theme.theme import SPACING, Theme, font
from app.ui.widgets.basic import ring
from app.ui.widgets.panels import scrolling

_UNDERLINE: Final = 2.0
_MOST_DIGITS: Final = 9


class Tab(QAbstractButton):
    """Name of a page, underlined while the page is shown."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return a size that fits the name in bold, so that choosing a page moves no other tab."""
        metrics = QFontMetrics(self._font(chosen=True))
        across = metrics.horizontalAdvance(self.text()) + 2 * SPACING.large
        return QSize(across, metrics.height() + 2 * SPACING.medium)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the name; the chosen tab also has a line below, not just another colour."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = self.isChecked()
        painter.setFont(self._font(chosen=chosen))
        painter.setPen(self._theme.colour("text" if chosen or self.underMouse() else "muted"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
        if chosen:
            line = QRectF(
                SPACING.medium, self.height() - _UNDERLINE - 1, self.width() - 2 * SPACING.medium, _UNDERLINE
            )
            painter.fillRect(line, self._theme.colour("accent"))
        if self.hasFocus():
            ring(painter, QRectF(self.rect()), self._theme.colour("accent"), SPACING.hair)

    def changeEvent(self, event: QEvent) -> None:
        """Ask for more room when the font grows."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()

    def _font(self, *, chosen: bool) -> QFont:
        return font(weight=QFont.Weight.DemiBold if chosen else QFont.Weight.Normal)


class Shell(QWidget):
    """Window that holds the pages.

    ``hides``: closing the window leaves the app in the tray, which ``closing`` explains once; otherwise it quits.

    ``seen`` carries the name of the visible page, or an empty text, so that hidden pages need no updates.
    A widget may ``cover`` all pages for a while.
    """

    seen = Signal(str)

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[Action], None],
        *,
        hides: bool,
        closing: ShownOnce | None = None,
    ) -> None:
        super().__init__()
        self._closing = closing
        self.closing_note: ClosingNote | None = None
        if closing is not None:
            self.closing_note = ClosingNote(texts, closing, self.hide, lambda: ask(Verb.QUIT), self)
        self._theme, self._texts, self._ask, self.hides = theme, texts, ask, hides
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowIcon(icons.icon(icons.APP))
        self._placed = False
        self.tabs: dict[str, Tab] = {}
        self.pages: dict[str, QWidget] = {}
        self._group = QButtonGroup(self)
        self._stack = QStackedWidget()
        self._row = QHBoxLayout()
        self._row.setContentsMargins(SPACING.wide - SPACING.medium, SPACING.small, SPACING.wide, 0)
        self._row.setSpacing(0)
        self._row.addStretch(1)
        self._all = QWidget()
        column = QVBoxLayout(self._all)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._row)
        column.addWidget(self._stack, 1)
        self._front = QStackedLayout(self)
        self._front.addWidget(self._all)
        self._stack.currentChanged.connect(self._tell)
        texts.changed.connect(self.refresh)

    @property
    def page(self) -> str:
        """Name of the page in front; empty if there is none."""
        return list(self.tabs)[self._stack.currentIndex()] if self.tabs and not self.covered else ""

    @property
    def covered(self) -> bool:
        """True while a widget covers all pages."""
        return self._front.currentWidget() is not self._all

    def cover(self, front: QWidget) -> None:
        """Show this widget in front of all pages."""
        if self._front.indexOf(front) < 0:
            self._front.addWidget(front)
        self._front.setCurrentWidget(front)
        self._tell()

    def uncover(self) -> None:
        """Show the pages again; safe to call twice.

        The focus goes to the page itself, so that no button is pressed by mistake.
        """
        covered = self.covered
        self._front.setCurrentWidget(self._all)
        if covered and self.page:
            self.pages[self.page].setFocus()
        self._tell()

    def add(self, name: str, page: QWidget, *, scrolls: bool = False) -> None:
        """Add a page named by the text ``page.NAME``; the first page added is in front.

        Ctrl and the page's number choose it. Pages scroll vertically if needed; ``scrolls`` is set for a page that
        scrolls by itself.
        """
        tab = self.tabs[name] = Tab(self._theme)
        self.pages[name] = page
        place = self._stack.addWidget(page if scrolls else scrolling(page))
        self._group.addButton(tab, place)
        self._row.insertWidget(place, tab)
        tab.setChecked(place == self._stack.currentIndex())
        tab.clicked.connect(lambda: self.choose(name))
        if place < _MOST_DIGITS:
            QShortcut(QKeySequence(f"Ctrl+{place + 1}"), self).activated.connect(lambda: self.choose(name))
        self.refresh()

    def choose(self, name: str) -> None:
        """Show this page; if another was shown, focus the page itself and none of its controls."""
        other = self.page != name
        self.tabs[name].setChecked(True)
        self._stack.setCurrentIndex(list(self.tabs).index(name))
        if other and not self.tabs[name].hasFocus():
            self.pages[name].setFocus()

    def refresh(self) -> None:
        """Update all names to the current language."""
        self.setWindowTitle(self._texts("app.name"))
        for name, tab in self.tabs.items():
            tab.setText(self._texts(f"page.{name}"))
            tab.setAccessibleName(tab.text())
            self.pages[name].setAccessibleName(tab.text())
            tab.updateGeometry()

    def appear(self, name: str = "") -> None:
        """Show the window in front with the focus, on this page if one is named."""
        if name:
            self.uncover()
            self.choose(name)
        if not self._placed:  # later the window keeps the size that the user gave it
            self._placed = True
            if self._wanted() != self.sizeHint():
                self.setWindowState(self.windowState() | Qt.WindowState.WindowMaximized)
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def sizeHint(self) -> QSize:
        """Return the wanted size, limited by the screen."""
        return self._wanted().boundedTo(self.screen().availableSize())

    def _wanted(self) -> QSize:
        tabs = max((tab.sizeHint().height() for tab in self.tabs.values()), default=0)
        return usual_size() + QSize(0, tabs + SPACING.small)

    def showEvent(self, event: QShowEvent) -> None:
        """Emit the name of the visible page."""
        super().showEvent(event)
        self._tell()

    def hideEvent(self, event: QHideEvent) -> None:
        """Emit an empty name, because no page is visible."""
        super().hideEvent(event)
        self.seen.emit("")

    def closeEvent(self, event: QCloseEvent) -> None:
        """Hide the window if there is a tray, after an explanation the first time; otherwise ask the app to quit.

        The app quits once nothing is unsent.
        """
        if self.hides and (self._closing is None or self._closing.done):
            event.accept()
            return
        event.ignore()
        if self.hides and self.closing_note is not None and self.isVisible():
            self.closing_note.open()
        else:
            self._ask(Verb.QUIT)

    def _tell(self) -> None:
        self.seen.emit(self.page if self.isVisible() else "")
