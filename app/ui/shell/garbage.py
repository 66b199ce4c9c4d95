"""Garbage collection in Qt's thread only.

Python collects garbage in the thread that happens to make the next object. Garbage that holds widgets or timers
would be destroyed there while Qt delivers events to them in its own thread: it would crash (decision 0087).
"""

import gc
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimerEvent

from runtime.memory import MemoryReturn

_INTERVAL_MS: Final = 5_000
_NEW_OBJECTS: Final = 20_000


class GarbageCollection(QObject):
    """Collect garbage in the thread of ``parent`` alone, and return free memory to the system once a minute.

    Python collects none by itself any more, not even after this object is gone.
    """

    def __init__(self, parent: QObject, interval_ms: int = _INTERVAL_MS) -> None:
        super().__init__(parent)
        gc.disable()
        self._memory = MemoryReturn()
        self.startTimer(interval_ms, Qt.TimerType.VeryCoarseTimer)

    def timerEvent(self, event: QTimerEvent) -> None:
        """Collect young garbage if there may be much, and all of it once a minute."""
        if gc.get_count()[0] > _NEW_OBJECTS:
            gc.collect(1)
        self._memory.give_back_if_due()
