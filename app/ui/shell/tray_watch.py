"""Watch over the tray of the desktop, which a panel may start late, end, or start again."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, Signal

from app.ui.widgets.basic import timer

LOOK_MS: Final = 2_000
LOOKS: Final = 3
"""A tray counts as gone only after this many looks: Qt itself follows a panel that starts again."""


class TrayWatch(QObject):
    """Watch that emits ``appeared`` and ``vanished``, and ``absent`` if no tray comes soon after the start."""

    appeared = Signal()
    vanished = Signal()
    absent = Signal()

    def __init__(self, available: Callable[[], bool], every_ms: int = LOOK_MS) -> None:
        super().__init__()
        self._available = available
        self._missed = 0
        self._told = False
        self.present = False
        self._timer = timer(self, every_ms, self.look, once=False)

    def begin(self) -> None:
        """Look now, and from now on."""
        self.look()
        self._timer.start()

    def look(self) -> None:
        """Compare what the desktop has with what it had."""
        if self._available():
            self._missed = 0
            if not self.present:
                self.present = self._told = True
                self.appeared.emit()
            return
        self._missed += 1
        if self._missed < LOOKS:
            return
        if self.present:
            self.present = False
            self.vanished.emit()
        elif not self._told:
            self._told = True
            self.absent.emit()
