"""Events of a chaos run: the fault, its place, its time and its duration."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct


class FaultTarget(StrEnum):
    """Target of an event: one of three kinds of processes, or of two kinds of networks."""

    GATEWAY = "gateway"
    WORKER = "worker"
    BROKER = "broker"
    CLIENT_LINK = "client link"
    BROKER_LINK = "broker link"


PROCESSES: Final = (FaultTarget.GATEWAY, FaultTarget.WORKER, FaultTarget.BROKER)
LINKS: Final = (FaultTarget.CLIENT_LINK, FaultTarget.BROKER_LINK)


class FaultKind(StrEnum):
    """Kind of disturbance, by its name in options and reports."""

    KILL = "kill"  # SIGKILL
    RESTART = "restart"  # SIGTERM
    PAUSE = "pause"  # SIGSTOP, later SIGCONT
    SLOW = "slow"  # SIGSTOP and SIGCONT in turns
    DISK = "full-disk"  # no file may grow
    CLOCK = "clock-step"  # the time of day is changed, later changed back
    CUT = "cut"  # a connection is reset, after a number of bytes
    GONE = "gone"  # connections are reset, and new ones refused
    DELAY = "delay"  # latency and jitter
    NARROW = "narrow"  # little bandwidth
    STALL = "stall"  # nothing passes, nothing is lost
    HALF_OPEN = "half-open"  # data is lost without notice to either side


OF_PROCESSES: Final = (FaultKind.KILL, FaultKind.RESTART, FaultKind.PAUSE)
OF_LINKS: Final = (
    FaultKind.CUT,
    FaultKind.GONE,
    FaultKind.DELAY,
    FaultKind.NARROW,
    FaultKind.STALL,
    FaultKind.HALF_OPEN,
)


class LinkDirection(StrEnum):
    """Direction on a network; ``UP`` is towards the server."""

    UP = "up"
    DOWN = "down"

    @property
    def back(self) -> "LinkDirection":
        """The direction opposite to this one."""
        return LinkDirection.DOWN if self is LinkDirection.UP else LinkDirection.UP


class Event(Struct, frozen=True, omit_defaults=True):
    """Planned event, ``at_s`` after the start of the run.

    ``number``: of the target among those of its kind, from 0. ``lasts_s``: time until the event is undone; for
    ``kill`` and ``restart``, how long the process stays away. ``amount``: bytes until a cut, seconds of latency or
    of a clock's step, bytes per second, or the share of time for which a slow process is stopped. ``ways``:
    directions that a network event disturbs.
    """

    at_s: float
    kind: FaultKind
    target: FaultTarget
    number: int = 0
    lasts_s: float = 0.0
    amount: float = 0.0
    ways: tuple[LinkDirection, ...] = tuple(LinkDirection)

    @property
    def what(self) -> str:
        """Short description for people."""
        return f"{self.kind} {self.target} {self.number}"

    @property
    def how(self) -> str:
        """Strength and directions of the event for people; empty if its kind has none."""
        strength = _STRENGTHS[self.kind](self.amount) if self.kind in _STRENGTHS else ""
        ways = self.ways[:1] if self.kind is FaultKind.CUT else self.ways
        return ", ".join(filter(None, (strength, " and ".join(ways) if self.target in LINKS else "")))


_STRENGTHS: Final[Mapping[FaultKind, Callable[[float], str]]] = {
    FaultKind.SLOW: lambda share: f"stopped for {share:.0%} of the time",
    FaultKind.CLOCK: lambda seconds: f"by {seconds:+g} s",
    FaultKind.CUT: lambda size: f"after {size:,.0f} bytes" if size else "at once",
    FaultKind.DELAY: lambda seconds: f"by {1000 * seconds:.0f} ms",
    FaultKind.NARROW: lambda speed: f"to {speed / 1000:.0f} KB/s",
}
