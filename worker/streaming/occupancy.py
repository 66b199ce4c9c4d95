"""Part of the time that the engine of a streaming worker is busy. Pure: time comes in as a value."""

from math import exp
from typing import Final

_MEMORY_S: Final = 5.0
_FULL: Final = 0.8
"""Above this share, one more session would soon delay all of them."""


class Occupancy:
    """Share of the recent past in which the engine worked."""

    def __init__(self) -> None:
        self.share = 0.0
        self._until: float | None = None

    def add_call(self, begin: float, end: float) -> None:
        """Note a call of the engine; calls come in order."""
        self._advance(begin, 0.0)
        self._advance(end, 1.0)

    def is_full(self, now: float) -> bool:
        """Return whether this worker should take no more sessions."""
        self._advance(now, 0.0)
        return self.share > _FULL

    def _advance(self, now: float, busy: float) -> None:
        if self._until is None:
            self._until = now
        kept = exp(-max(0.0, now - self._until) / _MEMORY_S)
        self.share = self.share * kept + busy * (1.0 - kept)
        self._until = max(self._until, now)
