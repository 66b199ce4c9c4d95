"""Memory of programs that run for long: what a peak of load has freed goes back to the system, garbage stays rare.

The C library keeps what a program has freed, for its next peak. Only glibc can be asked for it; elsewhere nothing
is done.
"""

import gc
from contextlib import suppress
from typing import Final

_LEAST_PEAK = 16
"""Smaller peaks leave little behind."""


class PeakWatch:
    """Decision when to give memory back: once the load has fallen to half of its peak, or to nothing. Pure."""

    def __init__(self) -> None:
        self._peak = 0

    def has_passed(self, load: int) -> bool:
        """Note the load of this moment; return whether a peak has passed since the last one that has."""
        self._peak = max(self._peak, load)
        if self._peak < _LEAST_PEAK or load > self._peak // 2:
            return False
        self._peak = load
        return True


def give_back() -> None:
    """Collect garbage, and return what is free to the system. Takes some milliseconds."""
    import ctypes  # late: most programs never need it

    gc.collect()
    with suppress(AttributeError, OSError):  # no glibc
        ctypes.CDLL(None).malloc_trim(0)


_THRESHOLDS: Final = (20_000, 20, 50)
"""Thresholds of ``gc.set_threshold``: new objects per youngest collection, then collections per older one."""


def collect_seldom() -> None:
    """Exempt existing objects from garbage collection, and collect younger ones less often."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
