"""Select the takes to delete: the old ones, and the oldest while the total is too large. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

DAYS: Final = 30
DAY_S: Final = 24 * 3600
SIZE: Final = 2_000_000_000
HELD_S: Final = 24 * 3600.0
"""Time for which texts that were not inserted are offered for pasting, even after a restart."""
_BEFORE_ALL_S: Final = 1_577_836_800.0
"""The year 2020: takes dated before it were recorded by a computer that had lost its time."""


@dataclass(frozen=True)
class RetentionLimits:
    """The maximum age, and the maximum total bytes of deletable takes; the newest ``keep`` always stay."""

    age_s: float = DAYS * DAY_S
    size: float = SIZE
    keep: int = 0


@dataclass(frozen=True)
class Stored:
    """A take on disk. ``needed``: part of it is not recognised or pasted yet, or a process works on it."""

    session: UUID
    started_s: float
    size: int
    needed: bool


def expired(takes: Iterable[Stored], now_s: float, limits: RetentionLimits) -> list[UUID]:
    """Return the takes to delete, the oldest first.

    A needed take always stays. It does not count towards the size, so that no other is deleted to make room for
    it.
    Takes without a true date count as the newest when the total is too large.
    """
    oldest_first = sorted(takes, key=lambda take: (take.started_s < _BEFORE_ALL_S <= now_s, take.started_s))
    total = sum(take.size for take in oldest_first if not take.needed)
    gone: list[UUID] = []
    for take in oldest_first[: max(0, len(oldest_first) - limits.keep)]:
        if take.needed:
            continue
        if now_s - take.started_s > limits.age_s or total > limits.size:
            gone.append(take.session)
            total -= take.size
    return gone
