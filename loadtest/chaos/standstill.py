"""Stopped processes (SIGSTOP), all of which are continued in the end.

Several events may stop one process; it continues when the last of them is over. If this program is killed, a guard
process lets them continue. The guard, ``python -m loadtest.chaos.standstill``, reads ``+PID`` and ``-PID`` from
its input, which ends when this program ends, however that happens.
"""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Final, Self

import psutil

from runtime.programs import module_command

_GUARD: Final = "loadtest.chaos.standstill"


class Standstill:
    """Register of the stopped processes. All of them continue when its context ends."""

    def __init__(self) -> None:
        self._wanted: Counter[psutil.Process] = Counter()
        self._guard: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        # In a session of its own, because Ctrl-C on the terminal must not end the guard first.
        command = module_command(_GUARD)
        self._guard = subprocess.Popen(command, bufsize=0, stdin=subprocess.PIPE, start_new_session=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in tuple(self._wanted):
            self._wanted[process] = 1
            self._release(process)
        if self._guard is not None:
            with self._guard:  # closes its input, upon which it ends
                pass

    @contextmanager
    def of(self, processes: Sequence[psutil.Process]) -> Iterator[None]:
        """Stop the processes while the context is entered."""
        try:
            for process in processes:
                self._stop(process)
            yield
        finally:
            for process in processes:
                self._release(process)

    def _stop(self, process: psutil.Process) -> None:
        self._wanted[process] += 1
        self._send(f"+{process.pid}")
        with suppress(psutil.NoSuchProcess):
            process.suspend()

    def _release(self, process: psutil.Process) -> None:
        self._wanted[process] -= 1
        if self._wanted[process] > 0:
            return
        del self._wanted[process]
        with suppress(psutil.NoSuchProcess):
            process.resume()
        self._send(f"-{process.pid}")

    def _send(self, line: str) -> None:
        assert self._guard is not None and self._guard.stdin is not None, "use it in `with`"
        with suppress(OSError):  # the guard has ended
            self._guard.stdin.write(line.encode() + b"\n")


def left_standing(lines: Iterable[str]) -> set[int]:
    """Return the processes that were stopped and not released again."""
    standing: set[int] = set()
    for line in lines:
        sign, number = line[:1], line[1:].strip()
        if sign in "+-" and number.isdigit():
            (standing.add if sign == "+" else standing.discard)(int(number))
    return standing


def main() -> None:
    """Guard stopped processes: wait for the end of the input, then continue those that are still stopped."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for pid in left_standing(sys.stdin):
        with suppress(OSError):  # it has ended
            os.kill(pid, signal.SIGCONT)


if __name__ == "__main__":
    main()
