"""What this process uses."""

import time
from collections.abc import Callable
from typing import Final

import psutil

from protocol.monitor import Load

_EVERY_S: Final = 1.0


class ProcessLoad:
    """CPU and memory of this process; asked more often than once a second, it says the same again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._process = psutil.Process()
        self._process.cpu_percent()  # from here on it is counted
        self._looked = clock()
        self._load = Load(0.0, self._process.memory_info().rss)

    def now(self) -> Load:
        """The CPU since the last look, the memory of this one."""
        now = self._clock()
        if now - self._looked >= _EVERY_S:
            self._looked = now
            self._load = Load(round(self._process.cpu_percent(), 1), self._process.memory_info().rss)
        return self._load
