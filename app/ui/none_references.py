"""Keeps Python alive under a Qt binding that gives None back too often.

PySide 6.12.0 is built for Pythons in which None lives for ever (PEP 683, from 3.12), and installs on 3.11 as well:
there each call without a result takes one reference to None, and after a few thousand the interpreter aborts.
"""

import ctypes
import sys
from typing import Final

from PySide6.QtCore import QPoint

_CALLS: Final = 200
_ENOUGH: Final = 1 << 40


def takes_none() -> bool:
    """Whether calls of Qt take references to None: measured, as no version says so."""
    point = QPoint()
    before = sys.getrefcount(None)
    for _ in range(_CALLS):
        point.setX(1)
    return before - sys.getrefcount(None) > _CALLS // 2


def protect_none() -> bool:
    """Give None more references than can ever be taken, if that is needed; whether it was."""
    if not takes_none() or sys.getrefcount(None) > _ENOUGH // 2:
        return False
    ctypes.c_ssize_t.from_address(id(None)).value += _ENOUGH  # the reference count comes first in each object
    return True
