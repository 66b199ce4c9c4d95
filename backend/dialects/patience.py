"""How long a live session waits for texts. Pure: times are passed in.

Clients of other protocols cannot resume: after these waits an error tells them to begin again.
"""

from math import inf
from typing import Final

from client.events import ClientEvent
from protocol.session import Busy

QUIET_S: Final = 120.0
"""Longest wait for any event while the text of an ended segment is due."""
AWAY_S: Final = 60.0
"""Longest time without a broker while the text of an ended segment is due."""
STEP_S: Final = 1.0
_STANDSTILL_S: Final = 5.0


class Patience:
    """Waiting times of one session, from ``now`` on. Call ``step`` at least once per second."""

    def __init__(self, now: float) -> None:
        self._stepped = self._heard = now
        self._away = inf

    def take(self, event: ClientEvent, now: float) -> None:
        """Note an event of the session."""
        self._heard = now
        if isinstance(event, Busy):
            self._away = min(self._away, now) if event.reason == "broker" else inf

    def step(self, waits: bool, now: float) -> str:
        """Return why the session is lost now; empty: it is not. ``waits``: the text of an ended segment is due.

        After a standstill of the process the waits begin again: it has not read what arrived meanwhile.
        """
        if not waits or now - self._stepped > _STANDSTILL_S:
            self._heard = now
            self._away = now if self._away < inf and waits else self._away
        self._stepped = now
        if waits and now - self._away >= AWAY_S:
            return f"the queue of this server has not answered for {AWAY_S:g} s: begin again later"
        if now - self._heard >= QUIET_S:
            return f"nothing was heard of the last words for {QUIET_S:g} s: is a worker running?"
        return ""
