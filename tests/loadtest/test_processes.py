"""What takes part and is on this computer is found, and what it uses."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from loadtest.processes import BROKER, GATEWAY, LOAD_MAKER, MACHINE, WORKERS, Watch, local_worker

NAP = "import sys, time; sys.stdin.read()"


@pytest.fixture
def worker() -> Iterator[int]:
    """A process that could be a worker's."""
    with subprocess.Popen([sys.executable, "-c", NAP, "kikipounamu-worker"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.kill()


def test_a_worker_is_known_by_its_name(worker: int) -> None:
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


def test_everything_here_is_measured(worker: int) -> None:
    watch = Watch(os.getppid(), zero=0.0)
    watch.workers([f"{socket.gethostname()}-{worker}-ab12", "elsewhere-1-a"])
    watch.measure()
    sum(number * number for number in range(300_000))
    usage = watch.measure()
    assert set(usage.cpu_percent) == {MACHINE, LOAD_MAKER, GATEWAY, BROKER, WORKERS}
    assert usage.cpu_percent[LOAD_MAKER] > 0
    assert usage.memory_mb[LOAD_MAKER] > 1 and usage.memory_mb[WORKERS] > 1 and usage.memory_mb[BROKER] == 0
    assert usage.cores == os.cpu_count()


def test_a_gateway_that_is_elsewhere_is_not_measured() -> None:
    watch = Watch(0, zero=0.0)
    watch.workers(["elsewhere-1-a"])
    assert GATEWAY not in watch.measure().cpu_percent
    assert watch.measure().memory_mb[WORKERS] == 0
