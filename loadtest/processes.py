"""CPU and memory of what takes part and is on this computer: gateway, broker, workers, the load maker itself."""

import os
import socket
import time
from collections.abc import Iterable, Iterator
from typing import Final

import psutil
from msgspec import Struct

GATEWAY: Final = "gateway"
BROKER: Final = "broker"
WORKERS: Final = "workers"
LOAD_MAKER: Final = "load maker"
MACHINE: Final = "machine"
_LOOK_AGAIN_S: Final = 5.0


class Usage(Struct, frozen=True, array_like=True):
    """Since the last look: ``cpu_percent`` of one core, of all processes of a kind together; ``memory_mb``
    resident at this moment. Of a machine with so many ``cores``. ``busiest_percent`` of one core: the one process
    of a kind that used most."""

    at_s: float
    cpu_percent: dict[str, float]
    memory_mb: dict[str, float]
    cores: int = 1
    busiest_percent: dict[str, float] = {}


class Watch:
    """``gateway`` is its process here, 0: it is elsewhere. Workers are told of as they become known.

    Who belongs to a kind is looked up every few seconds, since that costs a walk over all processes.
    """

    def __init__(self, gateway: int, zero: float) -> None:
        self._gateway = gateway
        self._zero = zero
        self._workers: set[int] = set()
        self._members: dict[str, list[psutil.Process]] = {}
        self._spent: dict[tuple[str, int], float] = {}
        self._looked = self._measured = 0.0
        psutil.cpu_percent()

    def workers(self, names: Iterable[str]) -> None:
        """These work for the gateway; those of them that are processes of this computer are watched."""
        self._workers = {pid for name in names if (pid := local_worker(name))}

    def measure(self) -> Usage:
        """What was used since the last call; nothing at the first."""
        now = time.monotonic()
        if now - self._looked >= _LOOK_AGAIN_S:
            self._looked, self._members = now, dict(self._find(_Families()))
        passed = now - self._measured if self._measured else float("inf")
        self._measured = now
        cores = psutil.cpu_count() or 1
        cpu, memory, busiest = {MACHINE: round(psutil.cpu_percent() * cores, 1)}, {}, {}
        for kind, processes in self._members.items():
            spent, resident = self._of(kind, processes)
            cpu[kind], memory[kind] = round(sum(spent) / passed * 100, 1), round(resident / 2**20, 1)
            busiest[kind] = round(max(spent, default=0.0) / passed * 100, 1)
        return Usage(round(now - self._zero, 2), cpu, memory, cores, busiest)

    def _of(self, kind: str, processes: Iterable[psutil.Process]) -> tuple[list[float], int]:
        """CPU seconds of each since the last look, and bytes of all now."""
        spent, resident = list[float](), 0
        for process in processes:
            try:
                times, memory = process.cpu_times(), process.memory_info().rss
            except psutil.Error:  # it ended
                continue
            total = times.user + times.system
            spent.append(total - self._spent.get((kind, process.pid), total))
            self._spent[kind, process.pid] = total
            resident += memory
        return spent, resident

    def _find(self, families: "_Families") -> Iterator[tuple[str, list[psutil.Process]]]:
        yield LOAD_MAKER, families.of(os.getpid())
        if self._gateway:
            family = families.of(self._gateway)
            yield GATEWAY, family[:1]
            yield BROKER, [child for child in family[1:] if _is_broker(child)]
        yield WORKERS, [process for pid in self._workers for process in families.of(pid)]


class _Families:
    """Who descends from whom at this moment."""

    def __init__(self) -> None:
        self._all: dict[int, psutil.Process] = {}
        self._children: dict[int, list[int]] = {}
        for process in psutil.process_iter(["ppid"]):
            self._all[process.pid] = process
            self._children.setdefault(process.info["ppid"], []).append(process.pid)

    def of(self, pid: int) -> list[psutil.Process]:
        """The process, then all that descend from it; nothing if it is not there."""
        if pid not in self._all:
            return []
        below = (one for child in self._children.get(pid, ()) for one in self.of(child))
        return [self._all[pid], *below]


def _is_broker(process: psutil.Process) -> bool:
    try:
        return "valkey" in process.name() or "redis" in process.name()
    except psutil.Error:
        return False


def local_worker(name: str) -> int | None:
    """The process of a worker that calls itself HOST-PID-TOKEN, if that is one of this computer."""
    host, _, rest = name.rpartition("-")[0].rpartition("-")
    if host != socket.gethostname() or not rest.isdigit():
        return None
    try:
        return int(rest) if any("worker" in word for word in psutil.Process(int(rest)).cmdline()) else None
    except psutil.Error:
        return None
