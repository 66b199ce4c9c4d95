"""Decisions of the supervisor. Pure.

A slot is the place of one process. Its process changes at restarts; for a moment a slot has two processes, the new
one and the one that drains.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

MAIN: Final = 0
"""Slot of the main process, which alone has the pairing, the history, the monitor and the submitted files."""
STEADY_S: Final = 10.0
_RESTART_S: Final = (0.1, 0.5, 2.0, 5.0)


@dataclass
class Share:
    """Work of one process: the connections that it reported, and how many it was ``given`` since."""

    connections: int = 0
    given: int = 0

    def count(self, connections: int) -> None:
        """Use a newly reported number, which includes the connections given before."""
        self.connections, self.given = connections, 0

    @property
    def expected(self) -> int:
        """Expected number of connections."""
        return self.connections + self.given


_Taker = TypeVar("_Taker")


def by_share(takers: Iterable[tuple[_Taker, Share]]) -> list[_Taker]:
    """Return the takers of the next connection, the one with the least work first."""
    return [taker for taker, _ in sorted(takers, key=lambda one: one[1].expected)]


def pause_s(failures: int) -> float:
    """Return the pause before a crashed process is started again, after this many failures in a row."""
    return _RESTART_S[min(failures, len(_RESTART_S) - 1)]


def failures_after(failures: int, lived_s: float) -> int:
    """Return the number of failures in a row, after a process that lived for ``lived_s`` ended by itself."""
    return failures + 1 if lived_s < STEADY_S else 0


def restart_order(processes: int) -> tuple[int, ...]:
    """Return the slots in the order of a rolling restart.

    The main process comes first, because it is the only one that ends before its successor runs. Connections that
    the others hand over later then reach it too.
    """
    return tuple(range(MAIN, processes))
