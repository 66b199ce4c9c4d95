"""Disturber: performs the events of a plan, records their outcomes, and undoes all of them at the end."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import psutil

from loadtest.chaos.disk import full_disk
from loadtest.chaos.events import LINKS, Event, FaultKind
from loadtest.chaos.standstill import Standstill
from loadtest.chaos.targets import Absent, ChaosTargets, TargetProcess
from loadtest.reports.run import RunEvent

_TURN_S: Final = 0.2
"""A slow process is stopped for a share of each such turn."""

_Note = Callable[[RunEvent], None]


class Disturber:
    """Performer of events on targets. ``zero`` is the start of the run on the monotonic clock."""

    def __init__(self, targets: ChaosTargets, zero: float, note: _Note, seed: int = 0) -> None:
        self._targets = targets
        self._zero = zero
        self._note = note
        self._chance = random.Random(f"jitter/{seed}")
        self._standstill = Standstill()
        self._actions: dict[FaultKind, Callable[[Event], Awaitable[None]]] = {
            FaultKind.KILL: self._end,
            FaultKind.RESTART: self._end,
            FaultKind.PAUSE: self._pause,
            FaultKind.SLOW: self._slow,
            FaultKind.DISK: self._disk,
            FaultKind.CLOCK: self._clock,
        }

    async def perform(self, events: Iterable[Event]) -> None:
        """Perform each event at its time. When cancelled, undo the events that are in force."""
        with self._standstill:
            async with asyncio.TaskGroup() as tasks:
                for event in events:
                    await asyncio.sleep(self._zero + event.at_s - time.monotonic())
                    tasks.create_task(self._perform(event), name=f"chaos/{event.what}")

    async def _perform(self, event: Event) -> None:
        began, outcome = self._now(), ""
        action = self._link if event.target in LINKS else self._actions[event.kind]
        try:
            await action(event)
        except (Absent, psutil.NoSuchProcess) as error:
            outcome = str(error)
        finally:
            self._note(RunEvent(began, self._now(), event.what, outcome))

    def _now(self) -> float:
        return round(time.monotonic() - self._zero, 2)

    # -- processes -----------------------------------------------------------------------------------------

    def _target(self, event: Event) -> TargetProcess:
        return self._targets.processes[event.target][event.number]

    async def _end(self, event: Event) -> None:
        target = self._target(event)
        process = target.process
        target.delay_restart(event.lasts_s)
        (process.kill if event.kind is FaultKind.KILL else process.terminate)()

    async def _pause(self, event: Event) -> None:
        with self._standstill.of([self._target(event).process]):
            await asyncio.sleep(event.lasts_s)

    async def _slow(self, event: Event) -> None:
        """Slow a process down, also after a restart."""
        target, end = self._target(event), self._now() + event.lasts_s
        found = [target.process, *target.companions()]
        while self._now() < end:
            with self._standstill.of(found):
                await asyncio.sleep(_TURN_S * event.amount)
            await asyncio.sleep(_TURN_S * (1 - event.amount))
            found = target.running()

    async def _disk(self, event: Event) -> None:
        target = self._target(event)
        found = [target.process, *target.companions()]
        with full_disk(found, target.running):
            await asyncio.sleep(event.lasts_s)

    async def _clock(self, event: Event) -> None:
        clock = self._target(event).clock
        if clock is None:
            raise Absent("this clock cannot be stepped")
        with clock.step(event.amount):
            await asyncio.sleep(event.lasts_s)

    # -- networks ------------------------------------------------------------------------------------------

    async def _link(self, event: Event) -> None:
        network = self._targets.networks[event.target][event.number]
        match event.kind:
            case FaultKind.CUT:
                await network.cut(int(event.amount), event.ways[0])
                return
            case FaultKind.GONE:
                async with network.take_away():
                    await asyncio.sleep(event.lasts_s)
                return
            case FaultKind.DELAY:
                trouble = network.delay(event.amount, self._chance)
            case FaultKind.NARROW:
                trouble = network.limit_bandwidth(event.amount)
            case FaultKind.STALL:
                trouble = network.stall()
            case _:
                trouble = network.half_open(event.ways)
        with trouble:
            await asyncio.sleep(event.lasts_s)
