"""The console script. What is told to the running app is told at once; the rest is read by the full command line.

That one takes longer to import than whoever pressed a key may be kept waiting.
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
