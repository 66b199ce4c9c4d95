"""Disturber: performs the events of a plan, notes what each did, and undoes all of them in the end."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Final

import psutil

from loadtest.chaos.disk import full_disk
from loadtest.chaos.events import LINKS, Event, Kind
from loadtest.chaos.standstill import Standstill
from loadtest.chaos.targets import Absent, Victim, World
from loadtest.reports.run import Mark

_TURN_S: Final = 0.2
"""A slow process stands still for a part of each such turn."""

_Note = Callable[[Mark], None]


class Disturber:
    """Performer of events in a world. ``zero`` is the start of the run on the monotonic clock."""

    def __init__(self, world: World, zero: float, note: _Note, seed: int = 0) -> None:
        self._world = world
        self._zero = zero
        self._note = note
        self._chance = random.Random(f"jitter/{seed}")
        self._standstill = Standstill()
        self._deeds: dict[Kind, Callable[[Event], Awaitable[None]]] = {
            Kind.KILL: self._kill,
            Kind.RESTART: self._restart,
            Kind.PAUSE: self._pause,
            Kind.SLOW: self._slow,
            Kind.DISK: self._disk,
            Kind.CLOCK: self._clock,
        }

    async def perform(self, events: Iterable[Event]) -> None:
        """Perform each event at its time. Undoes whatever is in force when it ends or is cancelled."""
        with self._standstill:
            async with asyncio.TaskGroup() as tasks:
                for event in events:
                    await asyncio.sleep(self._zero + event.at_s - time.monotonic())
                    tasks.create_task(self._one(event), name=f"chaos/{event.what}")

    async def _one(self, event: Event) -> None:
        began, outcome = self._now(), ""
        deed = self._link if event.target in LINKS else self._deeds[event.kind]
        try:
            await deed(event)
        except (Absent, psutil.NoSuchProcess) as error:
            outcome = str(error)
        finally:
            self._note(Mark(began, self._now(), event.what, outcome))

    def _now(self) -> float:
        return round(time.monotonic() - self._zero, 2)

    # -- processes -----------------------------------------------------------------------------------------

    def _victim(self, event: Event) -> Victim:
        return self._world.victims[event.target][event.number]

    async def _kill(self, event: Event) -> None:
        victim = self._victim(event)
        process = victim.process
        victim.keep_away(event.lasts_s)
        process.kill()

    async def _restart(self, event: Event) -> None:
        victim = self._victim(event)
        process = victim.process
        victim.keep_away(event.lasts_s)
        process.terminate()

    async def _pause(self, event: Event) -> None:
        with self._standstill.of([self._victim(event).process]):
            await asyncio.sleep(event.lasts_s)

    async def _slow(self, event: Event) -> None:
        """Slow it down, also when it is started again meanwhile."""
        victim, end = self._victim(event), self._now() + event.lasts_s
        found = [victim.process, *victim.beside()]
        while self._now() < end:
            with self._standstill.of(found):
                await asyncio.sleep(_TURN_S * event.amount)
            await asyncio.sleep(_TURN_S * (1 - event.amount))
            found = _there(victim)

    async def _disk(self, event: Event) -> None:
        victim = self._victim(event)
        found = [victim.process, *victim.beside()]

        with full_disk(found, lambda: _there(victim)):
            await asyncio.sleep(event.lasts_s)

    async def _clock(self, event: Event) -> None:
        clock = self._victim(event).clock
        if clock is None:
            raise Absent("this clock cannot be stepped")
        with clock.stepped(event.amount):
            await asyncio.sleep(event.lasts_s)

    # -- networks ------------------------------------------------------------------------------------------

    async def _link(self, event: Event) -> None:
        network = self._world.networks[event.target][event.number]
        match event.kind:
            case Kind.CUT:
                await network.cut(int(event.amount), event.ways[0])
                return
            case Kind.GONE:
                async with network.gone():
                    await asyncio.sleep(event.lasts_s)
                return
            case Kind.DELAY:
                trouble = network.delayed(event.amount, self._chance)
            case Kind.NARROW:
                trouble = network.narrowed(event.amount)
            case Kind.STALL:
                trouble = network.stalled()
            case _:
                trouble = network.half_open(event.ways)
        with trouble:
            await asyncio.sleep(event.lasts_s)


def _there(victim: Victim) -> list[psutil.Process]:
    """Return the process, if it runs, and what works beside it."""
    with suppress(Absent):
        return [victim.process, *victim.beside()]
    return list(victim.beside())
