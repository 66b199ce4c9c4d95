"""Collect garbage in Qt's thread only.

Python collects garbage in whatever thread exceeds the threshold of allocations. Widgets and timers would be
destroyed in that thread while Qt delivers events to them in its own, and the program would crash (decision 0087).
"""

import gc
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimerEvent

from runtime.memory import MemoryReturn

_INTERVAL_MS: Final = 5_000
_NEW_OBJECTS: Final = 20_000


class GarbageCollection(QObject):
    """Timer that collects garbage in the thread of ``parent``, and returns memory to the system once a minute.

    It switches Python's automatic collection off, and never on again.
    """

    def __init__(self, parent: QObject, interval_ms: int = _INTERVAL_MS) -> None:
        super().__init__(parent)
        gc.disable()
        self._memory = MemoryReturn()
        self.startTimer(interval_ms, Qt.TimerType.VeryCoarseTimer)

    def timerEvent(self, event: QTimerEvent) -> None:
        """Collect young garbage if there are many new objects, and all garbage once a minute."""
        if gc.get_count()[0] > _NEW_OBJECTS:
            gc.collect(1)
        self._memory.give_back_if_due()
