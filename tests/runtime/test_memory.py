"""Return of freed memory to the system, and exemption from garbage collection."""

import ctypes
import subprocess
import sys
import threading
from collections.abc import Callable
from threading import Event, Timer

import pytest

from runtime import memory
from runtime.memory import MemoryReturn, WorkMemory

needs_glibc = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: glibc's allocator")

GIVE_BACK = """
import psutil
from runtime.memory import give_back

blocks = [bytes([number % 256]) * 100_000 for number in range(500)]
full = psutil.Process().memory_info().rss
last = blocks[-1]  # it keeps the heap from shrinking by itself
del blocks
give_back()
assert full - psutil.Process().memory_info().rss > 30_000_000
"""
MAP_AUDIO = """
from runtime.memory import give_back, map_audio

def in_heap(block):
    lines = [line.split() for line in open("/proc/self/maps")]
    (heap,) = [line[0] for line in lines if line[-1] == "[heap]"]
    first, last = (int(end, 16) for end in heap.split("-"))
    return first <= id(block) < last

bytes(1_000_000)  # freed at once
assert in_heap(bytes(900_000))
map_audio()
give_back()
assert not in_heap(bytes(900_000))
"""

ATTRIBUTE_NAMES = """
import sys
from runtime.memory import give_back

class Known:
    pass

name = "".join(("made", "now"))  # as C code makes one for each lookup
before = sys.getrefcount(name)
getattr(Known, name, None)
assert sys.getrefcount(name) > before
give_back()
assert sys.getrefcount(name) == before
"""

SHARE_HEAPS = """
import threading
from runtime.memory import share_heaps

def block():
    kept = bytes(100_000)
    heaps.add(id(kept) >> 26)  # a heap of a thread is 64 MiB long and begins at such a multiple
    together.wait()

share_heaps()
heaps = set()
together = threading.Barrier(10)
threads = [threading.Thread(target=block) for _ in range(10)]
for each in threads:
    each.start()
for each in threads:
    each.join()
assert len(heaps) <= 3, heaps  # the first one may reach over such a multiple
"""


def run(script: str) -> None:
    """Run a script in a process whose allocator no other test has changed."""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_memory_is_given_back_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    times_given: list[float] = []
    times = iter((0.0, 25.0, 59.0, 60.0, 61.0, 119.0, 150.0, 209.0, 210.0))
    now = 0.0

    def clock() -> float:
        nonlocal now
        now = next(times)
        return now

    monkeypatch.setattr(memory, "give_back", lambda: times_given.append(now))
    regular = MemoryReturn(clock)
    for _ in range(8):
        regular.give_back_if_due()
    assert times_given == [60.0, 150.0, 210.0]


def test_a_rest_returns_memory_and_work_before_its_end_prevents_that(monkeypatch: pytest.MonkeyPatch) -> None:
    timers: list[Timer] = []
    returned = Event()

    def remember(seconds: float, function: Callable[[], None]) -> Timer:
        timers.append(Timer(0.01 if len(timers) else seconds, function))
        return timers[-1]

    monkeypatch.setattr(threading, "Timer", remember)
    monkeypatch.setattr(memory, "give_back", returned.set)
    work = WorkMemory(rest_s=3_600.0)
    with work.working():
        assert not timers
    with work.working():
        timers[0].join(10)
        assert not timers[0].is_alive()
        assert not returned.is_set()
    assert returned.wait(10)


@needs_glibc
def test_give_back_returns_freed_memory_to_the_system() -> None:
    run(GIVE_BACK)


def test_give_back_releases_cached_attribute_names() -> None:
    run(ATTRIBUTE_NAMES)


@needs_glibc
def test_map_audio_keeps_large_blocks_out_of_the_heap() -> None:
    run(MAP_AUDIO)


@needs_glibc
def test_threads_share_two_heaps() -> None:
    run(SHARE_HEAPS)


def test_memory_calls_do_nothing_where_a_library_needs_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        assert "/" in name  # as ctypes asks there, with ``None``

    monkeypatch.setattr(ctypes, "CDLL", refuse)
    memory.share_heaps()
    memory.give_back()


def test_objects_made_without_collection_are_exempt() -> None:
    run(
        """
import gc
from runtime.memory import without_collection

try:
    with without_collection():
        assert not gc.isenabled()
        made = [[] for _ in range(1_000)]
        raise KeyError
except KeyError:
    assert gc.isenabled() and gc.get_freeze_count() > len(made)
"""
    )
