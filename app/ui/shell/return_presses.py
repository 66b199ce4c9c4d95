"""Application-wide rule that Return presses the focused button, as Space does."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QPushButton, QWidget

from app.ui.settings.key_field import KeyField

_RETURN = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})


class ReturnPresses(QObject):
    """Event filter on the focused button only, so that events of other widgets do not pass through Python.

    Dialogs keep Qt's rule of the default button, and a key field reads Return itself.
    """

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._watched: QWidget | None = None
        application.focusChanged.connect(self._follow)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Click the button on Return without modifiers; ignore auto-repeat."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent) or event.key() not in _RETURN:
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
