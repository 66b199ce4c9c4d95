"""Which takes may go: those that are old, and the oldest while there are too many. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

DAYS: Final = 30
DAY_S: Final = 24 * 3600


@dataclass(frozen=True)
class RetentionLimits:
    """How long, and how much of everything together."""

    age_s: float = DAYS * DAY_S
    size: int = 2_000_000_000


@dataclass(frozen=True)
class Stored:
    """One take on disk. ``needed``: something in it is not transcribed, or somebody works on it."""

    session: UUID
    started_s: float
    size: int
    needed: bool


def expired(takes: Iterable[Stored], now_s: float, limits: RetentionLimits) -> list[UUID]:
    """What to delete, the oldest first. A take that is needed never goes, whatever its age and size."""
    takes = list(takes)
    total = sum(take.size for take in takes)
    gone: list[UUID] = []
    for take in sorted((take for take in takes if not take.needed), key=lambda take: take.started_s):
        if now_s - take.started_s > limits.age_s or total > limits.size:
            gone.append(take.session)
            total -= take.size
    return gone
