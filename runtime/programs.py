"""Command lines and shared libraries of this installation: source, wheel or self-contained folder.

Callers need not know which: the only executable of a folder understands ``-m MODULE`` too.
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
    """Let ``ctypes.util.find_library`` search the self-contained folder first. Elsewhere, change nothing."""
    import ctypes.util  # late: most programs never need it

    if is_bundled() and sys.platform == "linux" and not isinstance(ctypes.util.find_library, BundleFinder):
        ctypes.util.find_library = BundleFinder(Path(getattr(sys, "_MEIPASS", "")), ctypes.util.find_library)


class BundleFinder:
    """Finder of libraries in a folder, then by ``fallback``."""

    def __init__(self, folder: Path, fallback: Find) -> None:
        self._folder = folder
        self._fallback = fallback

    def __call__(self, name: str) -> str | None:
        """Return the path of the library ``name``, without ``lib`` and suffix."""
        found = sorted(self._folder.glob(f"lib{name}.so*"))
        return str(found[0]) if found else self._fallback(name)
