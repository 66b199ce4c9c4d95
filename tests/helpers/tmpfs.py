"""A small disk of its own, to be filled."""

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
    """A file system of ``size`` at ``place``, which is made. Skips where nobody may mount."""
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


def fill(disk: Path, name: str = "ballast") -> Path:
    """Take all the room that is left; whoever removes the returned file gives it back."""
    ballast = disk / name
    with ballast.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(bytes(_PIECE))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
    return ballast
