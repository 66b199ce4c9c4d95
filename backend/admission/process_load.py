"""CPU and memory use of this process."""

import time
from collections.abc import Callable
from typing import Final

import psutil

from protocol.monitor import Load

_EVERY_S: Final = 1.0


class ProcessLoad:
    """CPU and memory of this process, measured at most once a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._process = psutil.Process()
        self._process.cpu_percent()  # starts the measurement
        self._looked = clock()
        self._load = Load(0.0, self._process.memory_info().rss)

    def now(self) -> Load:
        """Return the CPU use since the last measurement, and the current memory."""
        now = self._clock()
        if now - self._looked >= _EVERY_S:
            self._looked = now
            self._load = Load(round(self._process.cpu_percent(), 1), self._process.memory_info().rss)
        return self._load
