"""Offsets between the clocks of computers, from causality: a message arrives after it was sent. Pure.

Every duration is measured on one clock, by one process. Each message from a remote computer limits how far its
clock may be behind; the fastest message counts as instantaneous. If none came, one in the other direction
decides. A computer's time of day is used for its own lines only.
"""

from collections.abc import Sequence
from statistics import median


def difference(came: Sequence[float | None], went: float | None = None) -> float | None:
    """Return the amount to add to the remote clock.

    ``came``: per received message, local arrival time minus remote sending time. ``went``: for a sent message,
    local sending time minus remote arrival time.
    """
    known = [one for one in came if one is not None]
    return min(known) if known else went


def less(one: float | None, other: float | None) -> float | None:
    """Return ``one - other``, or ``None`` if either is unknown."""
    return None if one is None or other is None else one - other


def typical(samples: Sequence[float]) -> float:
    """Return the median of the samples from single lines; 0 without samples."""
    return median(samples) if samples else 0.0
