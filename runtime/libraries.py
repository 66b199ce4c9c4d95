"""Shared libraries of a self-contained folder, for packages that look for those of the system."""

import ctypes.util
import sys
from collections.abc import Callable
from pathlib import Path

from runtime.programs import is_bundled

Find = Callable[[str], str | None]


def prefer_bundled_libraries() -> None:
    """Let ``ctypes.util.find_library`` look into the folder first. Changes nothing outside of one."""
    if is_bundled() and sys.platform == "linux" and not isinstance(ctypes.util.find_library, BundleFinder):
        ctypes.util.find_library = BundleFinder(Path(getattr(sys, "_MEIPASS", "")), ctypes.util.find_library)


class BundleFinder:
    """Finder of libraries in a folder, then elsewhere."""

    def __init__(self, folder: Path, elsewhere: Find) -> None:
        self._folder = folder
        self._elsewhere = elsewhere

    def __call__(self, name: str) -> str | None:
        """Return the path of the library ``name``, without ``lib`` and suffix."""
        found = sorted(self._folder.glob(f"lib{name}.so*"))
        return str(found[0]) if found else self._elsewhere(name)
