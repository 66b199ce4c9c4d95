"""Targets of a chaos run: processes, and networks. Several events may disturb one of them at the same time."""

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

import psutil

from client.connection import Locate
from loadtest.chaos.clock import SteppedClock
from loadtest.chaos.events import FaultTarget, LinkDirection
from loadtest.chaos.proxy import TcpProxy

_CUT_WITHIN_S: Final = 5.0

Delay = Callable[[int], float]


class Network:
    """Network, simulated by a proxy. Each disturbance ends with its context."""

    def __init__(self, proxy: TcpProxy) -> None:
        self.proxy = proxy
        self._delays: list[Delay] = []
        self._stalls = 0
        self._away = 0

    @property
    def is_disturbed(self) -> bool:
        """True while the network is away, or data is delayed or stalled."""
        return bool(self._away or self._stalls or self._delays)

    def pause(self, size: int) -> float:
        """Return the delay of a chunk of this many bytes, by all disturbances in force."""
        return sum(delay(size) for delay in self._delays)

    async def cut(self, size: int, way: LinkDirection, within_s: float = _CUT_WITHIN_S) -> None:
        """Cut a connection after ``size`` more bytes in this direction; cut all if fewer pass in ``within_s``."""
        if size > 0:
            try:
                async with asyncio.timeout(within_s):
                    await self.proxy.cut_after(size, way)
                return
            except TimeoutError:
                pass
        self.proxy.cut()

    @asynccontextmanager
    async def take_away(self) -> AsyncIterator[None]:
        """Reset all connections and refuse new ones."""
        self._away += 1
        try:
            await self.proxy.down()
            yield
        finally:
            self._away -= 1
            if not self._away:
                await self.proxy.up()

    def delay(self, seconds: float, chance: random.Random) -> AbstractContextManager[None]:
        """Delay each chunk by half to one and a half times ``seconds``."""
        return self._add_delay(lambda size: seconds * chance.uniform(0.5, 1.5))

    def limit_bandwidth(self, bytes_per_s: float) -> AbstractContextManager[None]:
        """Limit the bandwidth of each direction of each connection."""
        return self._add_delay(lambda size: size / bytes_per_s)

    @contextmanager
    def stall(self) -> Iterator[None]:
        """Hold all data back, and lose none."""
        self._stalls += 1
        self.proxy.stall()
        try:
            yield
        finally:
            self._stalls -= 1
            if not self._stalls:
                self.proxy.flow()

    @contextmanager
    def half_open(self, ways: Sequence[LinkDirection]) -> Iterator[None]:
        """Discard the data of the present connections; finally reset those that are still open."""
        self.proxy.half_open(ways)
        try:
            yield
        finally:
            self.proxy.cut(muted=True)

    @contextmanager
    def _add_delay(self, delay: Delay) -> Iterator[None]:
        self._delays.append(delay)
        self.proxy.delay(self.pause)
        try:
            yield
        finally:
            self._delays.remove(delay)


class Absent(Exception):
    """A process does not exist when its event is due. The event is recorded, and the run continues."""


class TargetProcess(ABC):
    """Process that may be disturbed, also after a restart. ``clock``: its clock, if it can be stepped."""

    clock: SteppedClock | None = None

    @property
    @abstractmethod
    def process(self) -> psutil.Process:
        """The process that runs now. Raises ``Absent``."""

    def companions(self) -> Sequence[psutil.Process]:
        """Return the processes to disturb with this one: its descendants, such as an engine."""
        with suppress(Absent, psutil.Error):
            return self.process.children(recursive=True)
        return ()

    def running(self) -> list[psutil.Process]:
        """Return the process, if it is running, and its companions."""
        with suppress(Absent):
            return [self.process, *self.companions()]
        return [*self.companions()]

    def delay_restart(self, seconds: float) -> None:
        """Make the next start wait at least so long. No effect if another program restarts the process."""
        return


def running_pids(processes: Iterable[TargetProcess]) -> list[int]:
    """Return the ids of those processes that are running now."""
    found: list[int] = []
    for process in processes:
        with suppress(Absent):
            found.append(process.process.pid)
    return found


@dataclass
class ChaosTargets:
    """Processes and networks that a run may disturb; no others are touched.

    ``locate`` returns the address of a gateway, through a proxy. ``gateways`` returns their process ids.
    ``failures``: number of unplanned ends of our own processes, by name and status.
    """

    locate: Locate
    gateways: Callable[[], Sequence[int]]
    processes: dict[FaultTarget, list[TargetProcess]] = field(default_factory=dict)
    networks: dict[FaultTarget, list[Network]] = field(default_factory=dict)
    failures: Callable[[], Mapping[str, int]] = dict
