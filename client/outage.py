"""Decide how long to look for a gateway. Pure: time is passed in."""

from math import inf
from typing import Final

from client.errors import Failing, Moved, TryLater, Unreachable

STEADY_S: Final = 10.0
"""A connection that lasts this long ends the series of failures."""


class Outage:
    """The time without a gateway, in which ``failures`` attempts in a row have failed.

    It may last ``first_contact_s`` before any gateway has answered, ``give_up_s`` afterwards. A gateway may
    accept the session and fail with it, again and again, for ``failing_s``.
    """

    def __init__(self, now: float, first_contact_s: float, give_up_s: float, failing_s: float) -> None:
        self.failures = 0
        self._since = now
        self._most_s = first_contact_s
        self._give_up_s = give_up_s
        self._failing_s = failing_s
        self._failing_since = inf

    def note_lost_connection(self, lasted_s: float, now: float) -> None:
        """Begin anew: a gateway had accepted the session on this connection."""
        self._since = now
        self._most_s = self._give_up_s
        if lasted_s >= STEADY_S:
            self.failures = 0
        if lasted_s >= self._failing_s:
            self.note_result()

    def note_result(self) -> None:
        """Note a result: the next failure of the gateway may have another cause than the last."""
        self._failing_since = inf

    def is_over_limit(self, failure: Unreachable, now: float) -> bool:
        """Count a failed attempt, and return whether the outage has lasted too long."""
        if isinstance(failure, TryLater):  # the gateway answers
            self._most_s = self._give_up_s
        self.failures += 1
        self._failing_since = min(self._failing_since, now) if isinstance(failure, Failing) else inf
        return now - self._since >= self._most_s or now - self._failing_since >= self._failing_s

    def needs_no_pause(self, failure: Unreachable) -> bool:
        """Return whether to connect again at once: only once, in case the gateway keeps moving."""
        return isinstance(failure, Moved) and self.failures == 1
