"""Rate limits of repeated log lines. Pure: time comes in as a value.

Suppressed lines are counted; the count is available once their interval is over.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class RepeatLimit(Generic[Key]):
    """Limit of ``burst`` lines per key and ``interval_s``. Counts the rest, for at most ``most_keys`` keys."""

    def __init__(self, burst: int, interval_s: float, most_keys: int = 1_000) -> None:
        self._burst = burst
        self._interval = interval_s
        self._most = most_keys
        self._seen: dict[Key, tuple[float, int]] = {}
        self._ended: dict[Key, int] = {}

    def admit(self, key: Key, now: float) -> bool:
        """Return whether another line of this key may be written."""
        start, count = self._seen.get(key, (now, 0))
        if now - start >= self._interval:
            self._end(key)
            start, count = now, 0
        if key not in self._seen and len(self._seen) >= self._most:
            self._forget_oldest()
        self._seen[key] = start, count + 1
        return count < self._burst

    def take_held_back(self, now: float) -> dict[Key, int]:
        """Return, once, the counts of suppressed lines by key, for intervals that are over."""
        if self._seen:
            for key in [key for key, (start, _) in self._seen.items() if now - start >= self._interval]:
                self._end(key)
        ended, self._ended = self._ended, {}
        return ended

    def _end(self, key: Key) -> None:
        _, count = self._seen.pop(key, (0.0, 0))
        if count > self._burst:
            self._ended[key] = self._ended.get(key, 0) + count - self._burst

    def _forget_oldest(self) -> None:
        """Drop the oldest key to bound memory, keeping its count of suppressed lines."""
        self._end(next(iter(self._seen)))
