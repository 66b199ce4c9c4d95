"""Memory after a peak: when it is given back, and that the system has it."""

import sys

import psutil
import pytest

from runtime.memory import PeakWatch, give_back


def test_memory_is_given_back_once_load_has_halved() -> None:
    watch = PeakWatch()
    assert [watch.has_passed(load) for load in (0, 100, 500, 251, 250, 250, 130, 125, 100, 0)] == [
        *(False, False, False, False, True, False, False, True, False),
        True,
    ]


def test_small_loads_have_no_peak() -> None:
    watch = PeakWatch()
    assert not any(watch.has_passed(load) for load in (15, 0, 10, 0))


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: glibc's allocator")
def test_system_gets_freed_memory() -> None:
    """The last block keeps the heap from shrinking by itself."""
    blocks = [bytes(100_000) for _ in range(500)]
    full = psutil.Process().memory_info().rss
    last = blocks[-1]
    del blocks
    give_back()
    assert full - psutil.Process().memory_info().rss > 30_000_000
    assert len(last) == 100_000
