"""Warnings about a broker that does not answer: when each is due, and how long an outage lasted. Pure."""

from typing import Final

START_S: Final = 5.0
"""A worker may be started together with its broker, which takes a moment."""
_REPEAT_S: Final = 60.0


class BrokerOutage:
    """Wait for the broker. ``patience_s``: how long it may take before the first warning."""

    def __init__(self, patience_s: float = 0.0) -> None:
        self._patience_s = patience_s
        self._due_s: float | None = None
        self._began_s = 0.0
        self._warned = False

    def is_warning_due(self, now_s: float) -> bool:
        """Return whether to warn of this failure; ``now_s`` never goes back."""
        if self._due_s is None:
            self._began_s, self._due_s = now_s, now_s + self._patience_s
        if now_s < self._due_s:
            return False
        self._due_s, self._warned = now_s + _REPEAT_S, True
        return True

    def end(self, now_s: float) -> float | None:
        """Note that the broker answers; return how long it did not, in seconds, if that was warned of."""
        lasted_s = now_s - self._began_s if self._warned else None
        self._due_s, self._warned = None, False
        return lasted_s
