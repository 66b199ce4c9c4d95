"""The console script. What is told to the running app is told at once; the rest is read by the full command line.

That one takes several times as long to import as a key press may wait (``docs/performance.md``).
"""

import sys


def main() -> None:
    """Of ``kikipounamu``."""
    from app import control_command

    status = control_command.quick(sys.argv[1:])
    if status is not None:
        sys.exit(status)
    from app import cli

    cli.main()
