"""Watch for sleep, battery and full-screen use: make the worker rest, and report each wake-up.

For the battery Linux provides files (Documentation/ABI/testing/sysfs-class-power of the kernel); psutil asks other
systems.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Self

import psutil

from app.core.errors import Note
from app.local_services.worker_limits import ComputerState, RestDecision, WorkerLimits
from app.system.full_screen import FullScreen, full_screen
from app.system.sleep_detector import ClockReadings, SleepWatcher, times
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Tasks, is_set_within, loop_time

_SUPPLIES: Final = Path("/sys/class/power_supply")
_OF_A_DEVICE: Final = "Device"  # the battery of a mouse or headset


def on_battery(supplies: Path = _SUPPLIES, platform: str = sys.platform) -> bool | None:
    """Return whether the computer runs on battery; ``None``: it has none, or that is unknown. Blocks briefly."""
    if platform != "linux":
        battery = psutil.sensors_battery()
        return None if battery is None or battery.power_plugged is None else not battery.power_plugged
    try:
        found = [folder for folder in supplies.iterdir() if _read_text(folder, "scope") != _OF_A_DEVICE]
    except OSError:
        return None
    plugs = [
        _read_text(folder, "online")
        for folder in found
        if _read_text(folder, "type") in ("Mains", "USB", "Wireless")
    ]
    batteries = [_read_text(folder, "status") for folder in found if _read_text(folder, "type") == "Battery"]
    if "1" in plugs or not batteries:
        return False if plugs else None
    return "Discharging" in batteries or ("0" in plugs and "Charging" not in batteries)


def _read_text(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""


log = loggers.APP_WORKER_REST

CHECK_S: Final = 5.0

See = Callable[[WorkerLimits], Awaitable[ComputerState]]


async def observe(screen: FullScreen, clock: Callable[[], datetime], limits: WorkerLimits) -> ComputerState:
    """Return the state of this computer, as a ``See``. Check only the conditions that a limit needs."""
    battery = None if limits.on_battery else await asyncio.to_thread(on_battery)
    if limits.beside_full_screen:
        await screen.close()
    filled = None if limits.beside_full_screen else await screen.now()
    now = clock()
    return ComputerState(battery, filled, now.hour * 60 + now.minute)


class WorkerRest:
    """Watcher that calls ``rest`` with the reason to rest, or ``None`` to work. Used in one event loop."""

    def __init__(self, rest: Callable[[Note | None], None], see: See, check_s: float = CHECK_S) -> None:
        self._rest, self._see, self._check_s = rest, see, check_s
        self._decision = RestDecision()
        self._changed = asyncio.Event()

    def allow(self, limits: WorkerLimits) -> None:
        """Set the limits that apply from now on."""
        if self._decision.allow(limits):
            self._changed.set()

    async def watch(self) -> None:
        """Check the limits until cancelled."""
        previous: Note | None = None
        while True:
            self._changed.clear()
            seen = await self._see(self._decision.limits)
            why = self._decision.update(seen, loop_time())
            if why != previous:
                log.info(LogEvent.WORKER_RESTING if why else LogEvent.WORKER_ACTIVE, reason=why.key if why else "")
                self._rest(why)
                previous = why
            await is_set_within(self._changed, self._check_s if self._decision.limits.any else None)


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
        self._screen = full_screen(sys.platform, os.environ)
        self._rest = WorkerRest(rest, partial(observe, self._screen, datetime.now))
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
        await self._screen.close()
