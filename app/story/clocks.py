"""Puts the clocks of several computers side by side by causality: what was sent is not received before. Pure.

Every duration is measured on one clock, by one process. Between two clocks it is only known that a message arrives
after it was sent. So each message from there to here says how far the clock there may be behind at most, and the
quickest of them counts as having taken no time; where none came, one that went there says it. A computer's time of
day is used for its own lines only.
"""

from collections.abc import Sequence
from statistics import median


def difference(came: Sequence[float | None], went: float | None = None) -> float | None:
    """What to add to the time of a clock there.

    ``came``: of messages, when each came by the clock here less when it was sent by the one there. ``went``: of
    one that was sent from here, when it was sent less when it came.
    """
    known = [one for one in came if one is not None]
    return min(known) if known else went


def less(one: float | None, other: float | None) -> float | None:
    """``one - other``, where both are known."""
    return None if one is None or other is None else one - other


def typical(samples: Sequence[float]) -> float:
    """Of what single lines say of the clock of one computer; 0: they say nothing."""
    return median(samples) if samples else 0.0
