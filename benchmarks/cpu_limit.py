"""CPU limits of processes by cgroups, version 1 or 2. Needs root."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_ROOT: Final = Path("/sys/fs/cgroup")
_PERIOD_US: Final = 100_000
_PART: Final = 10
"""Weight against other programs, so that a process gets what its limit allows on a busy machine too."""


class NoCpuLimits(Exception):
    """Processes cannot be limited here; the text says why."""


@contextmanager
def cpu_limited(pid: int, cores: float) -> Iterator[Path]:
    """Let a process have at most so many cores until the context ends; yield its cgroup.

    Raises ``NoCpuLimits``.
    """
    quota_us = round(cores * _PERIOD_US)
    parent, limits = _version_2(quota_us) or _version_1(quota_us)
    group = parent / f"kikipounamu-{os.getpid()}-{pid}"
    try:
        group.mkdir()
        for name, value in limits.items():
            (group / name).write_text(value)
        (group / "cgroup.procs").write_text(str(pid))
    except OSError as error:
        _remove(group, parent)
        raise NoCpuLimits(f"{group} cannot be used ({error.strerror}): run this as root, with cgroups") from error
    try:
        yield group
    finally:
        _remove(group, parent)


def _version_2(quota_us: int) -> tuple[Path, dict[str, str]] | None:
    control = _ROOT / "cgroup.subtree_control"
    if not control.exists() or "cpu" not in control.read_text().split():
        return None
    return _ROOT, {"cpu.max": f"{quota_us} {_PERIOD_US}", "cpu.weight": str(100 * _PART)}


def _version_1(quota_us: int) -> tuple[Path, dict[str, str]]:
    limits = {"cpu.cfs_period_us": str(_PERIOD_US), "cpu.cfs_quota_us": str(quota_us)}
    return _ROOT / "cpu", limits | {"cpu.shares": str(1024 * _PART)}


def _remove(group: Path, parent: Path) -> None:
    """Move what still runs in a group back, and remove the group."""
    if not group.exists():
        return
    for pid in (group / "cgroup.procs").read_text().split():
        try:
            (parent / "cgroup.procs").write_text(pid)
        except ProcessLookupError:
            continue
    group.rmdir()
