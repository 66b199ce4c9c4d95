"""Everything that a chaos run can disturb."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import psutil

from client.connection import Locate
from loadtest.chaos.clock import SteppedClock
from loadtest.chaos.events import Target
from loadtest.chaos.network import Network


class Absent(Exception):
    """Process that is not there when its event comes. The event is noted, and the run goes on."""


class Victim(Protocol):
    """Process that may be disturbed, also after it was started again."""

    @property
    def clock(self) -> SteppedClock | None:
        """Clock of the process, if that can be stepped."""

    @property
    def process(self) -> psutil.Process:
        """The process as it is now. Raises ``Absent``."""

    def beside(self) -> Sequence[psutil.Process]:
        """Return what works for it (a worker's engine), or starts it (the gateway of an embedded broker)."""

    def keep_away(self, seconds: float) -> None:
        """Do not start it again for so long, if it is started here."""


@dataclass
class World:
    """Processes and networks of a run. What it does not hold is never touched.

    ``locate`` returns the address of a gateway, through a proxy. ``gateways`` returns their process ids.
    ``failures``: how often processes of our own ended by themselves, by name and status.
    """

    locate: Locate
    gateways: Callable[[], Sequence[int]]
    victims: dict[Target, list[Victim]] = field(default_factory=dict)
    networks: dict[Target, list[Network]] = field(default_factory=dict)
    failures: Callable[[], Mapping[str, int]] = dict
