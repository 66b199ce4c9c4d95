"""Deliveries for tests of pure modules."""

from tests.worker.scripts import STREAMS, job
from worker.core.delivery import Delivery


def delivery(number: int, count: int = 1, samples: int = 1600) -> Delivery:
    """Return the ``number``-th delivery; its entry id is the same in every second stream."""
    return Delivery(STREAMS[number % 2], f"{number // 2}-0", count, 0, job(number, samples))
