"""Reader of the keys that are pressed in the windows of this app, to choose the dictation key by pressing it."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from app.ui.settings import key_names

_Key = Qt.Key
_WINDOWS_OWN: Final = frozenset(
    {
        *(_Key.Key_Tab, _Key.Key_Backtab, _Key.Key_Return, _Key.Key_Enter, _Key.Key_Escape, _Key.Key_Space),
        *(_Key.Key_Left, _Key.Key_Right, _Key.Key_Up, _Key.Key_Down),
        *(_Key.Key_PageUp, _Key.Key_PageDown, _Key.Key_Home, _Key.Key_End),
    }
)
"""Keys with which a page is used, alone or with a modifier."""

_KINDS: Final = frozenset({QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride})


class KeyCapture(QObject):
    """Event filter that reports each key combination, and each modifier that is pressed and released alone.

    Keys with which the page is used are not reported. No event is taken away from the widgets.
    """

    def __init__(self, pressed: Callable[[str], None], parent: QObject) -> None:
        super().__init__(parent)
        self._pressed = pressed
        self._lone = ""

    def watch(self, on: bool) -> None:
        """Start or stop to read keys."""
        self._lone = ""
        if (application := QApplication.instance()) is not None:
            application.removeEventFilter(self)
            if on:
                application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Read key events at the focused widget only, because Qt offers each of them to its parents too."""
        kind = event.type()
        if kind not in _KINDS or watched is not QApplication.focusWidget() or not isinstance(event, QKeyEvent):
            return False
        modifier = key_names.is_modifier(event)
        if kind is QEvent.Type.ShortcutOverride:
            self._lone = self._lone if modifier else ""  # a shortcut may take the key without a press
        elif event.isAutoRepeat():
            return False
        elif kind is QEvent.Type.KeyRelease:
            lone, self._lone = self._lone, ""
            if lone and key_names.side(event) == lone:
                self._pressed(lone)
        elif modifier:
            self._lone = "" if _others(event) else key_names.side(event)
        else:
            self._lone = ""
            if event.key() not in _WINDOWS_OWN and (binding := key_names.binding(event)):
                self._pressed(binding)
        return False


def _others(event: QKeyEvent) -> bool:
    """Return whether other modifiers are down; some systems already count the key that is being pressed."""
    own = key_names.side(event).rpartition("_")[2]
    return any(name != own for name in key_names.held(event))
