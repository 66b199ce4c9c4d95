"""Command lines that run a module of this installation as another process.

Source, wheel and self-contained folder behave alike: the one executable of a folder understands ``-m MODULE`` too.
"""

import sys


def is_bundled() -> bool:
    """Return whether this program runs from a self-contained folder, which has no Python of its own to call."""
    return bool(getattr(sys, "frozen", False))


def module_command(module: str) -> tuple[str, ...]:
    """Return the command line that runs ``module``; arguments may follow."""
    if is_bundled():
        return (sys.executable, "-m", module)
    return (sys.executable, "-P", "-m", module)  # -P: import nothing from the current folder
