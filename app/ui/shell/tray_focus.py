"""Give the keys back to the window after an icon in a tray has taken them.

A tray of X11 that embeds icons may tell ours that it has the focus, as stalonetray does. Qt then delivers all keys
to the icon, although the window has the focus of the X server. Source: XEmbed specification, "XEMBED_FOCUS_IN".
"""

from contextlib import suppress
from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication, QWindow
from PySide6.QtWidgets import QWidget

_ICON: Final = "QSystemTrayIconSysWindow"
_X11: Final = "xcb"


class TrayFocus(QObject):
    """Watch over the focus of ``window``, which owns it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication) and application.platformName() == _X11:
            application.focusWindowChanged.connect(self._changed)

    def _changed(self, focused: QWindow | None) -> None:
        if focused is not None and focused.objectName() == _ICON and self._window.isVisible():
            focus_again(int(self._window.winId()))


def focus_again(window: int) -> None:
    """Let the X server announce the focus of this window once more, if it has the focus. Raises nothing."""
    from Xlib import X
    from Xlib.display import Display
    from Xlib.error import DisplayError, XError

    with suppress(DisplayError, XError, OSError):
        display = Display()
        try:
            if getattr(display.get_input_focus().focus, "id", 0) == window:
                for place in (X.PointerRoot, window):
                    display.set_input_focus(place, X.RevertToPointerRoot, X.CurrentTime)
                display.sync()
        finally:
            display.close()
