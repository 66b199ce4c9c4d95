"""Selection of the waiting jobs that are decoded together. Pure."""

from worker.delivery import Delivery


class Batcher:
    """Waiting jobs in order of urgency, as they were delivered.

    A job that may have killed an engine or a worker is decoded alone, so that it cannot harm other jobs.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[Delivery, bool]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, delivery: Delivery, *, alone: bool = False) -> None:
        """Add a job at the end. ``alone`` forces a batch of its own, as does a repeated delivery."""
        self._waiting.append((delivery, alone or delivery.alone))

    def discard(self, delivery: Delivery) -> None:
        """Remove a job that this worker no longer holds."""
        self._waiting = [waiting for waiting in self._waiting if waiting[0].key != delivery.key]

    def next(self, slots: int) -> list[Delivery]:
        """Take the next batch: up to ``slots`` jobs, or one that must be alone; empty if nothing waits."""
        if not self._waiting:
            return []
        if self._waiting[0][1]:
            return [self._waiting.pop(0)[0]]
        together = [waiting for waiting in self._waiting if not waiting[1]][:slots]
        self._waiting = [waiting for waiting in self._waiting if waiting not in together]
        return [delivery for delivery, _ in together]
