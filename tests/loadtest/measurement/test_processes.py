"""Participating processes on this computer and their resource use."""

import mmap
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from loadtest.measurement.processes import (
    BROKER,
    GATEWAY,
    LOAD_MAKER,
    MACHINE,
    WORKERS,
    ProcessSampler,
    ProcessUsage,
    local_worker,
    own_bytes,
)
from tests.helpers.waiting import wait_until_sync

NAP = "import sys, time; sys.stdin.read()"


@contextmanager
def napping(name: str) -> Iterator[int]:
    """Run a process with this name."""
    with subprocess.Popen([sys.executable, "-c", NAP, name], stdin=subprocess.PIPE) as process:
        wait_until_sync(psutil.Process(process.pid).cmdline, "it has its name")
        yield process.pid
        process.kill()


@pytest.fixture
def worker() -> Iterator[int]:
    """Run a process that could be a worker."""
    with napping("kikipounamu-worker") as pid:
        yield pid


def test_local_worker_is_recognised_by_its_name(worker: int) -> None:
    host = socket.gethostname()
    assert local_worker(f"{host}-{worker}-ab12") == worker
    with napping("gateway") as gateway:
        names = (f"elsewhere-{worker}-a", f"{host}-{gateway}-a", f"{host}-0-a", f"{host}-x-a", "", "a-b")
        assert [name for name in names if local_worker(name)] == []


def busy(watch: ProcessSampler) -> ProcessUsage | None:
    """Use CPU time, then return the usage if it was measured."""
    sum(number * number for number in range(100_000))
    usage = watch.measure()
    return usage if usage.cpu_percent[LOAD_MAKER] > 0 else None


def test_watch_measures_all_local_processes(worker: int) -> None:
    with napping("gateway") as gateway:
        watch = ProcessSampler(gateway, zero=0.0)
        watch.workers([f"{socket.gethostname()}-{worker}-ab12", "elsewhere-1-a"])
        watch.measure()
        usage = wait_until_sync(lambda: busy(watch), "this process uses something")
    assert set(usage.cpu_percent) == {MACHINE, LOAD_MAKER, GATEWAY, BROKER, WORKERS}
    assert 0 < usage.busiest_percent[LOAD_MAKER] <= usage.cpu_percent[LOAD_MAKER]
    assert usage.busiest_percent[BROKER] == 0
    assert all(usage.memory_mb[kind] > 1 for kind in (LOAD_MAKER, GATEWAY, WORKERS))
    assert usage.memory_mb[BROKER] == 0
    assert usage.cores == os.cpu_count()


def test_watch_does_not_measure_a_remote_gateway() -> None:
    watch = ProcessSampler(0, zero=0.0)
    watch.workers(["elsewhere-1-a"])
    assert GATEWAY not in watch.measure().cpu_percent
    assert watch.measure().memory_mb[WORKERS] == 0


def test_started_gateway_is_not_part_of_the_load_maker() -> None:
    with napping("gateway") as gateway:
        alone, apart = ProcessSampler(0, zero=0.0), ProcessSampler(0, 0.0, lambda: [gateway])
        assert GATEWAY not in alone.measure().memory_mb
        assert apart.measure().memory_mb[GATEWAY] > 1
        assert apart.measure().memory_mb[LOAD_MAKER] < alone.measure().memory_mb[LOAD_MAKER]


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: elsewhere pages of files count")
def test_pages_of_files_are_not_own_memory(tmp_path: Path) -> None:
    """The system drops and reads them as it likes, which looked as if a program grew."""
    size, place = 32_000_000, tmp_path / "file"
    place.write_bytes(bytes(size))
    process = psutil.Process()
    before, resident = own_bytes(process), process.memory_info().rss
    with place.open("rb") as file, mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ) as pages:
        assert not any(pages[at] for at in range(0, size, mmap.PAGESIZE))
        assert process.memory_info().rss - resident > size / 2
        assert own_bytes(process) - before < size / 4
