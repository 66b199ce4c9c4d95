"""Detection of desktops that blend translucent windows.

On X11 the owner of a selection shows it (EWMH, "_NET_WM_CM_Sn").
"""

import ctypes
import ctypes.util

from PySide6.QtGui import QGuiApplication


def blends() -> bool:
    """Return False only on an X11 screen without a compositing manager."""
    return QGuiApplication.platformName() != "xcb" or _has_manager()


def _has_manager() -> bool:
    library = ctypes.util.find_library("X11")
    if library is None:
        return False
    x11 = ctypes.CDLL(library)
    x11.XOpenDisplay.restype = x11.XGetSelectionOwner.restype = x11.XInternAtom.restype = ctypes.c_void_p
    x11.XOpenDisplay.argtypes = [ctypes.c_char_p]
    x11.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    x11.XGetSelectionOwner.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    x11.XDefaultScreen.argtypes = x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    display = x11.XOpenDisplay(None)
    if not display:
        return False
    try:
        name = f"_NET_WM_CM_S{x11.XDefaultScreen(display)}".encode()
        return bool(x11.XGetSelectionOwner(display, x11.XInternAtom(display, name, 0)))
    finally:
        x11.XCloseDisplay(display)
