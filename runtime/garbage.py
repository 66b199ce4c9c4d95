"""When Python looks for garbage, in programs that hold many objects for long."""

import gc
from typing import Final

_THRESHOLDS: Final = (20_000, 20, 50)
"""New objects before the youngest are looked through; how many such looks before the older ones are."""


def collect_seldom() -> None:
    """What was made until now stays, and what comes and goes is no garbage: look less often, and at less."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
