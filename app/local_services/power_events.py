"""Watch for sleep, battery and full-screen use, and rest the worker or report a wake-up."""

import os
import sys
from collections.abc import Callable
from typing import Self

from app.core.errors import Note
from app.local_services.worker_limits import WorkerLimits
from app.local_services.worker_rest import ComputerObserver, WorkerRest
from app.system.full_screen import full_screen
from app.system.sleep_detector import ClockReadings, SleepWatcher, times
from runtime.tasks import Tasks


class PowerEvents:
    """Watcher of sleep, battery and full-screen use, active while entered. Used in one event loop.

    ``rest`` is called with the reason when the worker must rest, ``woke`` with the length of each sleep.
    """

    def __init__(
        self,
        rest: Callable[[Note | None], None],
        woke: Callable[[float], None],
        clock: Callable[[], ClockReadings] = times,
    ) -> None:
        self._computer = ComputerObserver(full_screen(sys.platform, os.environ))
        self._rest = WorkerRest(rest, self._computer)
        self._sleep = SleepWatcher(woke, clock)
        self._tasks = Tasks("power events")

    def allow(self, limits: WorkerLimits) -> None:
        """Set when the worker may work from now on."""
        self._rest.allow(limits)

    async def __aenter__(self) -> Self:
        self._tasks.keep(self._sleep.watch, "waking")
        self._tasks.keep(self._rest.watch, "rest")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._tasks.close()
        await self._computer.close()
