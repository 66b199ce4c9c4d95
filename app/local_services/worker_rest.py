"""Make the worker rest when a limit applies: check every few seconds while any limit is set."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from app.core.errors import Note
from app.local_services.worker_limits import ComputerState, RestDecision, WorkerLimits
from app.system.full_screen import FullScreen
from app.system.power import on_battery
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import is_set_within

log = loggers.APP_WORKER_REST

CHECK_S: Final = 5.0

See = Callable[[WorkerLimits], Awaitable[ComputerState]]


class ComputerObserver:
    """A ``See`` for this computer.

    Checks only the conditions that a limit needs.
    """

    def __init__(self, screen: FullScreen, clock: Callable[[], datetime] = datetime.now) -> None:
        self._screen = screen
        self._clock = clock

    async def __call__(self, limits: WorkerLimits) -> ComputerState:
        """Return the current state of the computer."""
        battery = None if limits.on_battery else await asyncio.to_thread(on_battery)
        if limits.beside_full_screen:
            await self._screen.close()
        filled = None if limits.beside_full_screen else await self._screen.now()
        now = self._clock()
        return ComputerState(battery, filled, now.hour * 60 + now.minute)

    async def close(self) -> None:
        """Close the connection to the screen. Safe to call twice."""
        await self._screen.close()


class WorkerRest:
    """Watcher that calls ``rest`` with the reason to rest, or ``None`` to work. Used in one event loop."""

    def __init__(self, rest: Callable[[Note | None], None], see: See, check_s: float = CHECK_S) -> None:
        self._rest, self._see, self._check_s = rest, see, check_s
        self._limits = WorkerLimits()
        self._decision = RestDecision()
        self._changed = asyncio.Event()

    def allow(self, limits: WorkerLimits) -> None:
        """Set the limits that apply from now on."""
        if limits != self._limits:
            self._limits = limits
            self._decision.allow(limits)
            self._changed.set()

    async def watch(self) -> None:
        """Check the limits until cancelled."""
        clock = asyncio.get_running_loop().time
        previous: Note | None = None
        while True:
            self._changed.clear()
            seen = await self._see(self._limits)
            why = self._decision.update(seen, clock())
            if why != previous:
                log.info(LogEvent.WORKER_RESTING if why else LogEvent.WORKER_ACTIVE, reason=why.key if why else "")
                self._rest(why)
                previous = why
            await is_set_within(self._changed, self._check_s if self._limits.any else None)
