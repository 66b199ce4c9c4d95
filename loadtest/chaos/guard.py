"""Guard of stopped processes: reads which stand still, and lets them continue once its input ends.

The input ends when the program that stops processes ends, however it ends. Lines are ``+PID`` and ``-PID``.
"""

import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress


def left_standing(lines: Iterable[str]) -> set[int]:
    """Return the processes that were stopped and not released again."""
    standing: set[int] = set()
    for line in lines:
        sign, number = line[:1], line[1:].strip()
        if sign in "+-" and number.isdigit():
            (standing.add if sign == "+" else standing.discard)(int(number))
    return standing


def main() -> None:
    """Wait for the end of the input, then let what is left continue."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for pid in left_standing(sys.stdin):
        with suppress(OSError):  # it has ended
            os.kill(pid, signal.SIGCONT)


if __name__ == "__main__":
    main()
