"""Mount a small disk that a test can fill, or make a folder read-only."""

import errno
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_PIECE = 4096


@contextmanager
def small_disk(place: Path, size: str = "256k") -> Iterator[Path]:
    """Mount a file system of ``size`` at the new folder ``place``; skip the test if mounting fails."""
    if sys.platform != "linux":
        pytest.skip("needs Linux")
    place.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs root that may mount")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make a folder read-only for every path below it, but not for open files; skip the test if that fails."""
    if sys.platform != "linux":
        pytest.skip("needs Linux")
    if subprocess.run(["mount", "--bind", str(folder), str(folder)], capture_output=True, check=False).returncode:
        pytest.skip("needs root that may mount")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(disk: Path, name: str = "ballast") -> Path:
    """Fill the disk with a file; removing that file frees the room."""
    ballast = disk / name
    with ballast.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(bytes(_PIECE))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
    return ballast
