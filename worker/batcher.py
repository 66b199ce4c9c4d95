"""Selection of the waiting jobs that one call of the engine decodes. Pure.

A call settles all its jobs at once, when it ends. Therefore it holds only jobs that are cheaper together than one
by one. On a CPU this is rarely so for live speech, where people wait for the first job.
"""

from protocol.engine import EngineInfo, live_slots
from protocol.job import CLASSES
from worker.core.delivery import Delivery

_MOST_PADDED = 2.0  # each request of a padded call costs as much as the longest


class Batcher:
    """Waiting jobs, in the order of their delivery.

    A job that may have killed an engine or a worker is decoded alone, so that it cannot harm other jobs.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[Delivery, bool]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, delivery: Delivery, *, alone: bool = False) -> None:
        """Add a job at the end. ``alone`` forces a call of its own, as does a repeated delivery."""
        self._waiting.append((delivery, alone or delivery.alone))

    def discard(self, delivery: Delivery) -> None:
        """Remove a job that this worker no longer holds."""
        self._waiting = [waiting for waiting in self._waiting if waiting[0].key != delivery.key]

    def next(self, engine: EngineInfo) -> list[Delivery]:
        """Take the jobs of the next call: the most urgent one, and others that share a call; empty: none waits."""
        if not self._waiting:
            return []
        first, alone = min(self._waiting, key=lambda waiting: _urgency(waiting[0]))
        call = [first] if alone else self._together(first, engine)
        for delivery in call:
            self.discard(delivery)
        return call

    def _together(self, first: Delivery, engine: EngineInfo) -> list[Delivery]:
        call = [first]
        most = most_together(engine, first.job.options.priority)
        for delivery, alone in self._waiting:
            if len(call) < most and not alone and delivery is not first and fits(delivery, call, engine):
                call.append(delivery)
        return call


def most_together(engine: EngineInfo, priority: str) -> int:
    """Return how many jobs of this class one call decodes."""
    return engine.slots if priority != CLASSES[0] else live_slots(engine.device, engine.slots)


def fits(delivery: Delivery, call: list[Delivery], engine: EngineInfo) -> bool:
    """Return whether the engine decodes ``delivery`` well together with the jobs of ``call``."""
    mine, theirs = delivery.job.options, call[0].job.options
    if any(getattr(mine, name, None) != getattr(theirs, name, None) for name in engine.shared_options):
        return False
    lengths = [one.job.samples for one in (*call, delivery)]
    return not engine.pads or max(lengths) <= _MOST_PADDED * min(lengths)


def _urgency(delivery: Delivery) -> int:
    return CLASSES.index(delivery.job.options.priority)
