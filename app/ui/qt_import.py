"""Import Qt without leaving PySide6's import hook in place.

PySide6 replaces Python's ``__import__`` for ``from __feature__ import snake_case``, which nothing here uses. The
replacement reads the source of each module that is imported later, and keeps it in memory.
"""

import builtins


def load() -> None:
    """Import Qt, and restore Python's own ``__import__``."""
    import PySide6.QtCore  # noqa: F401 - replaces __import__, and stores the original

    names = vars(builtins)
    names["__import__"] = names.get("__orig_import__", __import__)
