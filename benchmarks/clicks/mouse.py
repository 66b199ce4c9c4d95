"""Mouse and keyboard of a user: they reach only visible, enabled widgets, and count each action."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QScrollArea,
    QWidget,
)

_PATIENCE_MS, _LOOK_MS = 10_000, 50
_LEFT = Qt.MouseButton.LeftButton


class OutOfReachError(Exception):
    """Widget that is hidden, disabled, covered or without the focus."""


class Mouse:
    """Mouse and keyboard; ``clicks`` counts each click, each typed text and each pressed key as one.

    ``settle`` is called after each of them. Scrolling is free.
    """

    def __init__(self, settle: Callable[[], None]) -> None:
        self._settle = settle
        self.clicks = 0

    def click(self, widget: QWidget) -> None:
        """Click on the middle of a widget."""
        self._click(widget, widget.rect())

    def click_row(self, view: QAbstractItemView, row: int) -> None:
        """Click on a row of a list."""
        self._click(view.viewport(), self.place_of(view, row))

    def place_of(self, view: QAbstractItemView, row: int) -> QRect:
        """Scroll to a row of a list, and return its place, which is known only then."""
        index = view.model().index(row, 0)
        self._into_sight(view)
        view.scrollTo(index)
        self._settle()
        return view.visualRect(index)

    def opens_menu(self, view: QAbstractItemView, row: int) -> QMenu:
        """Right-click on a row of a list, and return the menu that opens."""
        self._click(view.viewport(), self.place_of(view, row), Qt.MouseButton.RightButton)
        menu = QApplication.activePopupWidget()
        if not isinstance(menu, QMenu):
            raise OutOfReachError("no menu appears")
        return menu

    def waits(self, there: Callable[[], bool], what: str) -> None:
        """Wait until ``there`` holds. Raises ``OutOfReachError``."""
        for _ in range(_PATIENCE_MS // _LOOK_MS):
            self._settle()
            if there():
                return
            QTest.qWait(_LOOK_MS)
        raise OutOfReachError(f"it never happens: {what}")

    def click_part(self, widget: QWidget, part: QRect) -> None:
        """Click on a part of a widget that paints several buttons."""
        self._click(widget, part)

    def click_entry(self, menu: QMenu, entry: QAction) -> None:
        """Click on an entry of an open menu."""
        self._click(menu, menu.actionGeometry(entry))

    def choose(self, field: QComboBox, text: str) -> None:
        """Open a drop-down list and click on an entry: two clicks."""
        self.click(field)
        row, view = field.findText(text), field.view()
        if row < 0 or not view.isVisible():
            raise OutOfReachError(f"no entry {text!r}")
        index = field.model().index(row, 0)
        view.scrollTo(index)
        self._settle()
        self._click(view.viewport(), view.visualRect(index))

    def types(self, text: str, *, replaces: bool = False) -> None:
        """Type a text into the focused field, with Return for each line break. ``replaces``: replace its text."""
        if replaces:
            QTest.keyClick(self._field(), Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        for letter in text:
            if letter == "\n":
                QTest.keyClick(self._field(), Qt.Key.Key_Return)
            else:
                QTest.keyClicks(self._field(), letter)
        self._count()

    def presses(self, widget: QWidget, key: Qt.Key) -> None:
        """Press a key while a widget has the focus."""
        if not widget.hasFocus():
            raise OutOfReachError(f"{_name(widget)} does not have the focus")
        QTest.keyClick(widget, key)
        self._count()

    def answers(self, chosen: str) -> str:
        """Answer a dialog of the system, which counts as one click."""
        self.clicks += 1
        return chosen

    def _count(self) -> None:
        self.clicks += 1
        self._settle()

    def _click(self, widget: QWidget, part: QRect, button: Qt.MouseButton = _LEFT) -> None:
        window = widget.window()  # a reference, without which Qt deletes the window of a drop-down list
        self._into_sight(widget)
        place = part.intersected(widget.visibleRegion().boundingRect()).center()
        _check(widget, window, place)
        handle, at = window.windowHandle(), widget.mapTo(window, place)
        QTest.mouseMove(handle, at)
        self._settle()  # drop-down lists select the entry under the pointer
        QTest.mouseClick(handle, button, Qt.KeyboardModifier.NoModifier, at)
        self._count()

    def _into_sight(self, widget: QWidget) -> None:
        self._settle()  # a layout that is not complete yet could move the widget
        around = widget.parentWidget()
        while around is not None and not around.isWindow():
            if isinstance(around, QScrollArea):
                around.ensureWidgetVisible(widget)
            around = around.parentWidget()
        self._settle()

    @staticmethod
    def _field() -> QWidget:
        field = QApplication.focusWidget()
        if not isinstance(field, QLineEdit | QPlainTextEdit) or field.isReadOnly() or not field.isVisible():
            raise OutOfReachError("no field has the focus")
        return field


def _check(widget: QWidget, window: QWidget, place: QPoint) -> None:
    """Raise ``OutOfReachError`` unless a click at this place of a widget reaches it."""
    front = QApplication.activePopupWidget() or QApplication.activeModalWidget() or window
    reached = window.childAt(widget.mapTo(window, place)) or window
    if not (widget.isVisible() and widget.isEnabled() and widget.visibleRegion().contains(place)):
        raise OutOfReachError(f"{_name(widget)} is hidden or disabled")
    if front is not window or window.isMinimized() or not (reached is widget or widget.isAncestorOf(reached)):
        raise OutOfReachError(f"{_name(widget)} is covered")


def _name(widget: QWidget) -> str:
    return widget.accessibleName() or widget.objectName() or type(widget).__name__
