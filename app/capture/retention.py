"""Which takes may go: those that are old, and the oldest while there are too many. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

DAYS: Final = 30
DAY_S: Final = 24 * 3600
SIZE: Final = 2_000_000_000


@dataclass(frozen=True)
class RetentionLimits:
    """How long, and how many bytes of everything together; the newest ``keep`` stay in any case."""

    age_s: float = DAYS * DAY_S
    size: float = SIZE
    keep: int = 0


@dataclass(frozen=True)
class Stored:
    """One take on disk. ``needed``: something in it is not transcribed, or somebody works on it."""

    session: UUID
    started_s: float
    size: int
    needed: bool


def expired(takes: Iterable[Stored], now_s: float, limits: RetentionLimits) -> list[UUID]:
    """What to delete, the oldest first. A take that is needed never goes, whatever its age and size."""
    oldest_first = sorted(takes, key=lambda take: take.started_s)
    total = sum(take.size for take in oldest_first)
    gone: list[UUID] = []
    for take in oldest_first[: max(0, len(oldest_first) - limits.keep)]:
        if take.needed:
            continue
        if now_s - take.started_s > limits.age_s or total > limits.size:
            gone.append(take.session)
            total -= take.size
    return gone
