"""CPU and memory of the participating processes on this computer: gateway, broker, workers, load maker."""

import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import psutil
from msgspec import Struct

GATEWAY: Final = "gateway"
BROKER: Final = "broker"
WORKERS: Final = "workers"
LOAD_MAKER: Final = "load maker"
MACHINE: Final = "machine"
_LOOK_AGAIN_S: Final = 5.0


class ProcessUsage(Struct, frozen=True, array_like=True):
    """Resource use since the previous sample.

    ``cpu_percent``: of all processes of a kind together, in percent of one core. ``memory_mb``: their own resident
    memory at the moment. ``busiest_percent``: of the busiest process of a kind, in percent of one core. ``cores``:
    number of cores of the machine.
    """

    at_s: float
    cpu_percent: dict[str, float]
    memory_mb: dict[str, float]
    cores: int = 1
    busiest_percent: dict[str, float] = {}


class ProcessSampler:
    """Sampler of the processes of gateways, broker, workers and load maker on this computer.

    ``gateway``: process id of the gateway under load; 0 if it runs elsewhere. ``gateways`` returns the ids of
    further ones, which may change. Call ``workers`` whenever the workers have changed. Gateways and workers that
    this program started do not count as load maker. The search reads all processes of the computer, so it is
    repeated only every few seconds.
    """

    def __init__(self, gateway: int, zero: float, gateways: Callable[[], Iterable[int]] = tuple) -> None:
        self._gateway = gateway
        self._gateways = gateways
        self._zero = zero
        self._workers: set[int] = set()
        self._members: dict[str, list[psutil.Process]] = {}
        self._spent: dict[tuple[str, int], float] = {}
        self._looked = self._measured = 0.0
        psutil.cpu_percent()

    def workers(self, names: Iterable[str]) -> None:
        """Set the gateway's workers; those that run on this computer are sampled."""
        self._workers = {pid for name in names if (pid := local_worker(name))}

    def measure(self) -> ProcessUsage:
        """Return the resource use since the last call; the first call returns zero."""
        now = time.monotonic()
        if now - self._looked >= _LOOK_AGAIN_S:
            self._looked, self._members = now, dict(self._find(_Families()))
        passed = now - self._measured if self._measured else float("inf")
        self._measured = now
        cores = psutil.cpu_count() or 1
        cpu, memory, busiest = {MACHINE: round(psutil.cpu_percent() * cores, 1)}, {}, {}
        for kind, processes in self._members.items():
            spent, own = self._of(kind, processes)
            cpu[kind], memory[kind] = round(sum(spent) / passed * 100, 1), round(own / 2**20, 1)
            busiest[kind] = round(max(spent, default=0.0) / passed * 100, 1)
        return ProcessUsage(round(now - self._zero, 2), cpu, memory, cores, busiest)

    def _of(self, kind: str, processes: Iterable[psutil.Process]) -> tuple[list[float], int]:
        """Return the CPU seconds of each process since the last sample, and the memory of all together."""
        spent, together = list[float](), 0
        for process in processes:
            try:
                times, memory = process.cpu_times(), own_bytes(process)
            except psutil.Error:  # the process ended
                continue
            total = times.user + times.system
            spent.append(total - self._spent.get((kind, process.pid), total))
            self._spent[kind, process.pid] = total
            together += memory
        return spent, together

    def _find(self, families: "_Families") -> Iterator[tuple[str, list[psutil.Process]]]:
        found = [families.of(pid) for pid in (self._gateway, *self._gateways()) if pid]
        workers = [process for pid in self._workers for process in families.of(pid)]
        others = {process.pid for family in (*found, workers) for process in family}
        yield LOAD_MAKER, [process for process in families.of(os.getpid()) if process.pid not in others]
        if found:
            members = [process for family in found for process in family]  # a gateway may have several processes
            yield GATEWAY, [process for process in members if not is_broker(process)]
            yield BROKER, [process for process in members if is_broker(process)]
        yield WORKERS, workers


def own_bytes(process: psutil.Process) -> int:
    """Return the resident memory of a process without pages of files, which the system can drop and read again.

    Outside Linux, psutil does not distinguish them.
    """
    found = process.memory_info()
    own: int = found.rss - getattr(found, "shared", 0)
    return own


class _Families:
    """Current parents and children of all processes."""

    def __init__(self) -> None:
        self._all: dict[int, psutil.Process] = {}
        self._children: dict[int, list[int]] = {}
        for process in psutil.process_iter(["ppid"]):
            self._all[process.pid] = process
            self._children.setdefault(process.info["ppid"], []).append(process.pid)

    def of(self, pid: int) -> list[psutil.Process]:
        """Return the process followed by all its descendants; empty if it does not exist."""
        if pid not in self._all:
            return []
        below = (one for child in self._children.get(pid, ()) for one in self.of(child))
        return [self._all[pid], *below]


def is_broker(process: psutil.Process) -> bool:
    """Return whether the process is a Valkey or Redis server."""
    try:
        return "valkey" in process.name() or "redis" in process.name()
    except psutil.Error:
        return False


def local_worker(name: str) -> int | None:
    """Return the process id of a worker named HOST-PID-TOKEN if it runs on this computer."""
    host, _, rest = name.rpartition("-")[0].rpartition("-")
    if host != socket.gethostname() or not rest.isdigit():
        return None
    try:
        return int(rest) if any("worker" in word for word in psutil.Process(int(rest)).cmdline()) else None
    except psutil.Error:
        return None
