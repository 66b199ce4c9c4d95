"""How this installation runs, as source, wheel or self-contained folder: its command lines and shared libraries.

All behave alike: the one executable of a folder understands ``-m MODULE`` too.
"""

import sys
from collections.abc import Callable
from pathlib import Path

Find = Callable[[str], str | None]


def is_bundled() -> bool:
    """Return whether this program runs from a self-contained folder, which has no Python of its own to call."""
    return bool(getattr(sys, "frozen", False))


def module_command(module: str) -> tuple[str, ...]:
    """Return the command line that runs ``module`` as another process; arguments may follow."""
    if is_bundled():
        return (sys.executable, "-m", module)
    return (sys.executable, "-P", "-m", module)  # -P: import nothing from the current folder


def prefer_bundled_libraries() -> None:
    """Let ``ctypes.util.find_library`` look into the folder first. Changes nothing outside of one."""
    import ctypes.util  # late: most programs never need it

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
