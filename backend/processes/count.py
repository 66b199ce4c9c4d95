"""Number of processes by the cores that this program may use."""

import math
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from backend.core.errors import InvalidSettings

MOST: Final = 64
MOST_BY_DEFAULT: Final = 8
_CGROUP: Final = Path("/sys/fs/cgroup")


def by_cores(cgroup: Path = _CGROUP) -> int:
    """Return the default for a server: one process for each usable core, at most eight.

    A CPU limit of the container (its cgroup) counts as fewer cores.
    """
    if not possible():
        return 1
    cores = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    limit = _limit(cgroup)
    return max(1, min(MOST_BY_DEFAULT, math.ceil(min(cores, limit) if limit else cores)))


def possible() -> bool:
    """Return whether this system can have several processes: they hand sockets to each other."""
    return sys.platform != "win32"


def checked_count(processes: int) -> int:
    """Return the wanted number. Raises ``InvalidSettings`` if this system cannot have so many."""
    if processes > 1 and not possible():
        raise InvalidSettings("several gateway processes need Linux or macOS: set processes to 1")
    return processes


def _limit(cgroup: Path) -> float | None:
    """Return the cores that the cgroup allows, or ``None`` without a limit."""
    with suppress(OSError, ValueError):
        quota, _, period = (cgroup / "cpu.max").read_text().partition(" ")
        return None if quota == "max" else int(quota) / int(period)
    with suppress(OSError, ValueError):
        cpu = cgroup / "cpu"
        quota_us = int((cpu / "cpu.cfs_quota_us").read_text())
        return quota_us / int((cpu / "cpu.cfs_period_us").read_text()) if quota_us > 0 else None
    return None
