"""How many lines of a kind may be written. Pure: time comes in as a value.

What is held back is counted, and the count can be told once its interval is over.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class RepeatLimit(Generic[Key]):
    """Lets ``burst`` lines of a key through per ``interval_s``, counts the rest. Knows ``most_keys`` at once."""

    def __init__(self, burst: int, interval_s: float, most_keys: int = 1_000) -> None:
        self._burst = burst
        self._interval = interval_s
        self._most = most_keys
        self._seen: dict[Key, tuple[float, int]] = {}
        self._to_tell: dict[Key, int] = {}

    def admit(self, key: Key, now: float) -> bool:
        """Whether one more may be written."""
        start, count = self._seen.get(key, (now, 0))
        if now - start >= self._interval:
            self._end(key)
            start, count = now, 0
        if key not in self._seen and len(self._seen) >= self._most:
            self._forget_oldest()
        self._seen[key] = start, count + 1
        return count < self._burst

    def held_back(self, now: float) -> dict[Key, int]:
        """How many of each key were not let through, of intervals that are over; each is told once."""
        if self._seen:
            for key in [key for key, (start, _) in self._seen.items() if now - start >= self._interval]:
                self._end(key)
        told, self._to_tell = self._to_tell, {}
        return told

    def _end(self, key: Key) -> None:
        _, count = self._seen.pop(key, (0.0, 0))
        if count > self._burst:
            self._to_tell[key] = self._to_tell.get(key, 0) + count - self._burst

    def _forget_oldest(self) -> None:
        """A kind that never comes again must not cost memory; one that was held back keeps its count."""
        self._end(next(iter(self._seen)))
