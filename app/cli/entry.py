"""Provide the console script.

Verbs go straight to the running app. The full command line handles the rest, but importing it takes too long for a
user who just pressed a key.
"""

import sys


def main() -> None:
    """Run the console script ``kikipounamu``."""
    try:
        from runtime.folders import refuse_writes_of_others
        from runtime.terminal import standard_streams

        refuse_writes_of_others()
        with standard_streams():
            _run()
    except KeyboardInterrupt:
        sys.exit(130)
    except MemoryError:
        from runtime.program_start import NO_MEMORY

        sys.exit(NO_MEMORY)


def _run() -> None:
    from runtime.memory import without_collection

    with without_collection():
        from app.cli import control_command

    status = control_command.quick(sys.argv[1:])
    if status is not None:
        sys.exit(status)
    with without_collection():
        from app.cli import main as cli
        from runtime.program_start import set_environment

    set_environment()
    cli.main()
