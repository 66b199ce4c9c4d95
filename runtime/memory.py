"""Memory of long-running programs: freed memory goes back to the system, and garbage collections are short.

The C library keeps what a program has freed, for its next peak, and Python keeps up to 2,000 free tuples of each
length until a full garbage collection, which can be hours away. Only glibc can be asked for its part; elsewhere
that part stays.
"""

import gc
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from threading import Timer

INTERVAL_S: Final = 60.0
REST_S: Final = 5.0
"""Longer than the time between two decodes of live text, which need the same memory again."""
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
_ARENAS: Final = 2
_LARGE_BYTES: Final = 32_768
"""Size of a second of audio: larger blocks are audio."""
_THRESHOLDS: Final = (20_000, 20, 50)
"""Thresholds of ``gc.set_threshold``: new objects per youngest collection, then collections per older one."""


class MemoryReturn:
    """Return of freed memory to the system, once a minute at most. Quick only after ``exempt_existing``."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due = clock() + INTERVAL_S

    def give_back_if_due(self) -> None:
        """Give memory back if a minute has passed since the last time."""
        if (now := self._clock()) >= self._due:
            self._due = now + INTERVAL_S
            give_back()


class WorkMemory:
    """Memory of a program whose work comes in pieces: freed memory is returned in each rest, and once a minute.

    A rest begins ``rest_s`` after a piece of work. The return is then made by a thread of its own.
    """

    def __init__(self, rest_s: float = REST_S) -> None:
        self._rest_s, self._regular = rest_s, MemoryReturn()
        self._timer: Timer | None = None

    @contextmanager
    def working(self) -> Iterator[None]:
        """Postpone the return of memory until the work is done, because the work may need it again."""
        if self._timer is not None:
            self._timer.cancel()
        yield
        self._regular.give_back_if_due()
        from threading import Timer  # late: short commands import this module

        self._timer = Timer(self._rest_s, give_back)
        self._timer.daemon = True
        self._timer.start()


def map_audio() -> None:
    """From now on, take each large block from the system, and return it when it is freed.

    By default, glibc does so only until the first such block is freed. From then on audio lies between small
    blocks that live longer, and leaves gaps into which no later audio fits.
    """
    _ask_glibc("mallopt", _M_MMAP_THRESHOLD, _LARGE_BYTES)


def share_heaps() -> None:
    """Let all threads share two heaps from now on, in a program whose threads come and go.

    By default, glibc makes up to eight heaps per core. Each keeps the most memory that a thread ever needed.
    """
    _ask_glibc("mallopt", _M_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Collect garbage, and return free memory to the system. Takes some milliseconds.

    Python's cache of attributes keeps up to 4,096 names that C code has looked up, each a separate string.
    """
    if sys.version_info >= (3, 13):
        sys._clear_internal_caches()
    else:
        sys._clear_type_cache()
    gc.collect()
    _ask_glibc("malloc_trim", 0)


def _ask_glibc(function: str, *arguments: int) -> None:
    import ctypes  # late: most programs never need it

    with suppress(AttributeError, OSError, TypeError):  # no glibc; Windows refuses a library without a name
        getattr(ctypes.CDLL(None), function)(*arguments)


def exempt_existing() -> None:
    """Exempt existing objects from garbage collection, so that a full one is short."""
    gc.collect()
    gc.freeze()


def collect_seldom() -> None:
    """Exempt existing objects from garbage collection, and collect younger ones less often."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


@contextmanager
def without_collection() -> Iterator[None]:
    """Collect no garbage while much is imported or loaded, and exempt that from later collections.

    Imports leave less than a megabyte of garbage.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
