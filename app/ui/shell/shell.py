"""Windows of the app: the main window with its pages and sidebar, its closing note, and the monitor window."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QFontMetrics,
    QGuiApplication,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QPushButton,
    QStackedLayout,
    QStackedWidget,
    QWidget,
)

from app.core.hints import FirstTimes
from app.dictation.actions import Verb
from app.messages.kinds import Action
from app.ui.settings.key_field import KeyField
from app.ui.shell.sidebar import Sidebar
from app.ui.strings.texts import Texts
from app.ui.theme import icons
from app.ui.theme.theme import SCALE, SPACING, Theme, font, letter_width
from app.ui.widgets.basic import ENTER, action_button, paint_as_page, refresh_with
from app.ui.widgets.dialogs import DialogBody
from app.ui.widgets.panels import FlowRow, area_around, bring_into_sight, centred, scrolling
from app.ui.widgets.parts import SPACE, fill, horizontal, label, stretched, vertical, worded
from app.updates.view import UpdatesView

_NOTE_LETTERS = 60
_WITHOUT_TRAY = ("closing.heading-without-tray", "closing.says-without-tray")


class ClosingNote(QDialog):
    """Dialog that explains that the app keeps running; its buttons call ``close_window`` and ``end``.

    ``once``: counts that a button was pressed. Esc leaves the window open.
    """

    def __init__(
        self,
        texts: Texts,
        once: FirstTimes,
        close_window: Callable[[], None],
        end: Callable[[], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._texts, self.once = texts, once
        self._in_tray = True
        paint_as_page(self)
        self.heading, self.description = label(size=SCALE.heading, bold=True, wraps=True), label(wraps=True)
        self.go_on = worded(texts, action_button(lambda: self._finish(close_window), "primary"), "closing.go-on")
        self.quit = worded(texts, action_button(lambda: self._finish(end)), "closing.quit")
        self.go_on.setDefault(True)
        self._body = DialogBody(self)
        self._body.column.setSpacing(SPACING.medium)
        fill(self._body.column, self.heading, self.description, SPACE)
        self._body.finish(FlowRow((self.go_on, self.quit)))
        refresh_with(self.refresh, texts)

    def show_tray(self, present: bool) -> None:
        """Explain how to reopen the window, through the tray if it is ``present``."""
        self._in_tray = present
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        texts = self._texts
        heading, description = ("closing.heading", "closing.says") if self._in_tray else _WITHOUT_TRAY
        self.setWindowTitle(texts("app.name"))
        self.heading.setText(texts(heading))
        self.heading.setMinimumWidth(letter_width(QFontMetrics(font())) * _NOTE_LETTERS)
        self.description.setText(texts(description))
        self._body.fit()

    def _finish(self, do: Callable[[], None]) -> None:
        self.once.count()
        self.accept()
        do()


_ANSWER_MS: Final = 500
"""Time for the window manager to show a window."""
_MOST_DIGITS: Final = 9
_LEAST_LETTERS: Final = 84
"""Minimum width of the pages, in average letters; in a narrower window the sidebar shows only icons."""


def usual_size() -> QSize:
    """Return the default window size, with room for the sidebar and a column of maximum width.

    It depends on line height and letter width, because some fonts have wide letters and low lines.
    """
    metrics = QFontMetrics(font())
    line, letter = metrics.height(), letter_width(metrics)
    return QSize(max(line * 56, letter * 144), max(line * 42, letter * 96))


class Shell(QWidget):
    """Main window, which holds the pages.

    Closing it leaves the app running; a note explains that once, as counted by ``closing``.

    ``page_shown``: emitted with the name of the visible page, or an empty text. A widget may ``cover`` all pages
    for a while.
    """

    page_shown = Signal(str)

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[Action], None],
        closing: FirstTimes | None = None,
    ) -> None:
        super().__init__(windowIcon=icons.icon(icons.APP))
        self.closing_note: ClosingNote | None = None
        if closing is not None:
            self.closing_note = ClosingNote(texts, closing, self.hide, lambda: ask(Verb.QUIT), self)
        self._texts, self._ask = texts, ask
        paint_as_page(self)
        self._sized = False
        self.pages: dict[str, QWidget] = {}
        self.sidebar = Sidebar(theme, texts, self.choose)
        self.entries = self.sidebar.entries
        self.share = worded(texts, QAction(self), "sharing.name")
        self.monitor = worded(texts, QAction(self), "page.monitor")
        self.quit = worded(texts, QAction(self), "action.quit")
        self.update_action, self._update = QAction(self), ""
        self._fill_menu()
        self._stack = QStackedWidget()
        self._all = QWidget()
        horizontal(self.sidebar, stretched(self._stack), within=self._all, gap=0)
        self._front = QStackedLayout(self)
        self._front.addWidget(self._all)
        self._stack.currentChanged.connect(self._emit_page)
        refresh_with(self.refresh, texts, theme)

    def _fill_menu(self) -> None:
        self.quit.setShortcut(QKeySequence("Ctrl+Q"))
        self.quit.triggered.connect(lambda: self._ask(Verb.QUIT))
        self.addAction(self.quit)
        self.sidebar.menu.addActions([self.update_action, self.share, self.monitor])
        self.sidebar.menu.addSeparator()
        self.sidebar.menu.addAction(self.quit)

    @property
    def page(self) -> str:
        """Name of the page in front; empty if there is none."""
        return list(self.entries)[self._stack.currentIndex()] if self.entries and not self.covered else ""

    @property
    def covered(self) -> bool:
        """True while a widget covers all pages."""
        return self._front.currentWidget() is not self._all

    def cover(self, front: QWidget) -> None:
        """Show this widget in front of all pages."""
        if self._front.indexOf(front) < 0:
            self._front.addWidget(front)
        self._front.setCurrentWidget(front)
        self._emit_page()

    def uncover(self) -> None:
        """Show the pages again; safe to call twice.

        Focus the page itself, so that no button is pressed by mistake.
        """
        covered = self.covered
        self._front.setCurrentWidget(self._all)
        if covered and self.page:
            self.pages[self.page].setFocus()
        self._emit_page()

    def show_tray(self, present: bool) -> None:
        """Set whether the closing note mentions the tray."""
        if self.closing_note is not None:
            self.closing_note.show_tray(present)

    def show_updates(self, view: UpdatesView) -> None:
        """Offer a newer version in the menu, if there is one."""
        self._update = view.release.version if view.release else ""
        self.refresh()

    def add(self, name: str, page: QWidget, *, scrolls: bool = False) -> None:
        """Add a page named by the text ``page.NAME``, with the icon of this name; the first page is in front.

        Ctrl and the page's number choose it. The page is put into a scroll area, unless it ``scrolls`` by itself.
        """
        self.pages[name] = page
        entry = self.sidebar.add(name)
        place = self._stack.addWidget(page if scrolls else scrolling(centred(page)))
        entry.setChecked(place == self._stack.currentIndex())
        if place < _MOST_DIGITS:
            QShortcut(QKeySequence(f"Ctrl+{place + 1}"), self).activated.connect(lambda: self.choose(name))
        self.refresh()

    def replace(self, name: str, page: QWidget, *, scrolls: bool = False) -> None:
        """Replace the page that was added with this name."""
        place = list(self.entries).index(name)
        before, chosen = self._stack.widget(place), self._stack.currentIndex() == place
        self.pages[name] = page
        self._stack.insertWidget(place, page if scrolls else scrolling(centred(page)))
        if chosen:
            self._stack.setCurrentIndex(place)
        assert before is not None, "each name has a page"
        self._stack.removeWidget(before)
        before.deleteLater()
        self.refresh()

    def choose(self, name: str) -> None:
        """Show this page; if it was not visible, focus the page itself rather than a control."""
        other = self.page != name
        self.entries[name].setChecked(True)
        self._stack.setCurrentIndex(list(self.entries).index(name))
        if other and not self.entries[name].hasFocus():
            self.pages[name].setFocus()

    def refresh(self) -> None:
        """Update all names to the current language, and fold the sidebar if letters have become too wide."""
        self.setWindowTitle(self._texts("app.name"))
        self.update_action.setText(self._texts("updates.menu", new=self._update))
        self.update_action.setVisible(bool(self._update))
        for name, page in self.pages.items():
            page.setAccessibleName(self._texts(f"page.{name}"))
        self._fold()

    def focusNextPrevChild(self, next: bool) -> bool:
        """Move the focus by Tab, and scroll to it; Qt scrolls only in an area that had the focus before."""
        before = QApplication.focusWidget()
        moved = super().focusNextPrevChild(next)
        if (
            moved
            and (now := QApplication.focusWidget()) is not None
            and area_around(now) is not area_around(before)
        ):
            bring_into_sight(now)
        return moved

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold the sidebar in a narrow window."""
        self._fold()

    def _fold(self) -> None:
        least = letter_width(QFontMetrics(font())) * _LEAST_LETTERS
        self.sidebar.fold(self.width() < self.sidebar.whole() + least)

    def appear(self, name: str = "") -> None:
        """Bring the window to the front with the focus, with this page if one is named."""
        if name:
            self.uncover()
            self.choose(name)
        if not self._sized:  # later the window keeps the size that the user gave it
            self._sized = True
            if self.page:
                self.pages[self.page].setFocus()
            self._take_usual_size()
        bring_to_front(self)

    def _take_usual_size(self) -> None:
        """Resize the window to the default size, which Qt alone would limit; maximise it on a small screen."""
        usual, title = usual_size(), QSize(0, 2 * QFontMetrics(font()).height())
        if (usual + title).boundedTo(self.screen().availableSize()) == usual + title:
            self.resize(usual)
        else:
            self.setWindowState(self.windowState() | Qt.WindowState.WindowMaximized)

    def sizeHint(self) -> QSize:
        """Return the default size, limited by the screen."""
        return usual_size().boundedTo(self.screen().availableSize())

    def showEvent(self, event: QShowEvent) -> None:
        """Emit the name of the visible page."""
        self._emit_page()

    def hideEvent(self, event: QHideEvent) -> None:
        """Emit an empty name, because no page is visible."""
        self.page_shown.emit("")

    def closeEvent(self, event: QCloseEvent) -> None:
        """Hide the window; the first time, show the closing note instead."""
        note = self.closing_note
        if note is None or not note.once.left or not self.isVisible():
            event.accept()
        else:
            event.ignore()
            note.open()

    def _emit_page(self) -> None:
        self.page_shown.emit(self.page if self.isVisible() else "")


def bring_to_front(window: QWidget) -> None:
    """Show a window in front of others, with the focus.

    On Wayland a program without the focus cannot raise its window, but a window that opens comes to the front. On
    X11 an open window stays on another workspace, but one that is shown again appears on the current one.
    With an open dialog the dialog comes to the front: GNOME hides the dialogs of a hidden window and never shows
    them again, and the window would wait for them.
    """
    front = _open_dialog(window) or window
    movable = window.isVisible() and front is window
    if movable and QGuiApplication.platformName().startswith("wayland") and not window.isActiveWindow():
        window.hide()
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.show()
    front.raise_()
    front.activateWindow()
    if movable and QGuiApplication.platformName() == "xcb":
        QTimer.singleShot(_ANSWER_MS, window, lambda: _open_here(window))


def _open_dialog(window: QWidget) -> QWidget | None:
    """Return the dialog that must be answered before the window can be used again."""
    dialog = QApplication.activeModalWidget()
    owner = dialog.parentWidget() if dialog is not None else None
    return dialog if owner is not None and owner.window() is window else None


def _open_here(window: QWidget) -> None:
    """Hide and show the window again if it is on another workspace, where the window manager has unmapped it."""
    if window.isVisible() and not window.isMinimized() and not window.windowHandle().isExposed():
        window.hide()
        window.show()
        window.activateWindow()


class MonitorWindow(QWidget):
    """Window of the monitor; Esc and Ctrl+W close it."""

    def __init__(self, texts: Texts, page: QWidget) -> None:
        super().__init__(windowIcon=icons.icon(icons.APP))
        self._texts = texts
        paint_as_page(self)
        vertical(scrolling(page), within=self)
        for keys in ("Esc", "Ctrl+W"):
            QShortcut(QKeySequence(keys), self).activated.connect(self.close)
        self.resize(usual_size().boundedTo(self.screen().availableSize()))
        refresh_with(self.refresh, texts)

    def appear(self) -> None:
        """Show the window in front with the focus."""
        bring_to_front(self)
        self.setFocus()  # rather than a part of it, which would look selected

    def refresh(self) -> None:
        """Update the title to the current language."""
        self.setWindowTitle(self._texts("shell.monitor-title", name=self._texts("app.name")))


class ReturnPresses(QObject):
    """Event filter that lets Return press the focused button.

    It is installed on that button only, so that events of other widgets do not pass through Python. Dialogs keep
    Qt's default button, and a key field reads Return itself.
    """

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._watched: QWidget | None = None
        application.focusChanged.connect(self._follow)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Click the button on Return without modifiers; ignore auto-repeat."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent) or event.key() not in ENTER:
            return False
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or not isinstance(watched, QAbstractButton):
            return False
        if watched.isEnabled() and not event.isAutoRepeat():
            watched.click()
        return True

    def _follow(self, before: QWidget | None, now: QWidget | None) -> None:
        if before is not None and before is self._watched:
            before.removeEventFilter(self)
        self._watched = now if now is not None and _is_pressed(now) else None
        if self._watched is not None:
            self._watched.installEventFilter(self)


def _is_pressed(widget: QWidget) -> bool:
    if not isinstance(widget, QAbstractButton) or isinstance(widget, KeyField):
        return False
    return not (isinstance(widget, QPushButton) and isinstance(widget.window(), QDialog))
