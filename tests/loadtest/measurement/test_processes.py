"""Participating processes on this computer and their resource use."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

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
)
from tests.helpers.waiting import wait_until_sync

NAP = "import sys, time; sys.stdin.read()"


@contextmanager
def napping(name: str) -> Iterator[int]:
    """Run a process with this name."""
    with subprocess.Popen([sys.executable, "-c", NAP, name], stdin=subprocess.PIPE) as process:
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
    for other in (
        f"elsewhere-{worker}-ab12",
        f"{host}-{os.getpid()}-ab12",
        f"{host}-0-a",
        f"{host}-x-a",
        "",
        "a-b",
    ):
        if other != f"{host}-{os.getpid()}-ab12":
            assert local_worker(other) is None


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
