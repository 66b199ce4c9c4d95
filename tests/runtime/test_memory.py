"""Freed memory: when it is given back, and that the system has it."""

import ctypes
import subprocess
import sys

import pytest

from runtime import memory
from runtime.memory import RegularReturn

needs_glibc = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: glibc's allocator")

GIVEN_BACK = """
import psutil
from runtime.memory import give_back

blocks = [bytes([number % 256]) * 100_000 for number in range(500)]
full = psutil.Process().memory_info().rss
last = blocks[-1]  # it keeps the heap from shrinking by itself
del blocks
give_back()
assert full - psutil.Process().memory_info().rss > 30_000_000
"""
MAPPED = """
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

LOOKED_UP = """
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

SHARED = """
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
    given: list[float] = []
    times = iter((0.0, 25.0, 59.0, 60.0, 61.0, 119.0, 150.0, 209.0, 210.0))
    now = 0.0

    def clock() -> float:
        nonlocal now
        now = next(times)
        return now

    monkeypatch.setattr(memory, "give_back", lambda: given.append(now))
    regular = RegularReturn(clock)
    for _ in range(8):
        regular.give_back_if_due()
    assert given == [60.0, 150.0, 210.0]


@needs_glibc
def test_system_gets_freed_memory() -> None:
    run(GIVEN_BACK)


def test_names_of_attributes_do_not_stay() -> None:
    run(LOOKED_UP)


@needs_glibc
def test_audio_gets_memory_of_its_own() -> None:
    run(MAPPED)


@needs_glibc
def test_threads_share_two_heaps() -> None:
    run(SHARED)


def test_windows_has_no_library_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        assert "/" in name  # as ctypes asks there, with ``None``

    monkeypatch.setattr(ctypes, "CDLL", refuse)
    memory.share_heaps()
    memory.give_back()


def test_collection_exempts_objects_made_without_it() -> None:
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
