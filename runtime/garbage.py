"""Garbage collection settings for programs that hold many objects for long."""

import gc
from typing import Final

_THRESHOLDS: Final = (20_000, 20, 50)
"""Thresholds of ``gc.set_threshold``: new objects per youngest collection, then collections per older one."""


def collect_seldom() -> None:
    """Exempt existing objects from garbage collection, and collect younger ones less often."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
