"""Import of Qt, after which Python imports modules as before.

PySide6 replaces Python's ``__import__`` for ``from __feature__ import snake_case``, which nothing here uses. Its
function reads the source of each module that is imported later, and keeps it.
"""

import builtins


def load() -> None:
    """Import Qt, and restore the ``__import__`` from before."""
    import PySide6.QtCore  # noqa: F401 - it replaces the function, and keeps the earlier one

    names = vars(builtins)
    names["__import__"] = names.get("__orig_import__", __import__)
