"""Which partials are worth making. Pure: time comes in as a value."""

from collections.abc import Iterable
from typing import Final

from worker.delivery import Delivery

_MUTED_S: Final = 60.0
"""As long as the longest segment: what ended an engine is not met again, whatever is asked for meanwhile."""
_MOST_MUTED: Final = 1_000


class Partials:
    """Best effort: what is not worth it is dropped without a word. ``dropped`` counts, for the log."""

    def __init__(self) -> None:
        self.dropped = 0
        self._muted_until: dict[str, float] = {}

    def wanted(self, asked: Iterable[Delivery], slots: int, now: float) -> list[Delivery]:
        """What to decode together: the newest request of each session, at most ``slots``, none of who is muted."""
        asked = list(asked)
        newest = {delivery.job.session: delivery for delivery in asked if not delivery.refusal}
        wanted = [one for session, one in newest.items() if self._muted_until.get(session, now) <= now][:slots]
        self.dropped += len(asked) - len(wanted)
        return wanted

    def blame(self, batch: Iterable[Delivery], now: float) -> None:
        """The engine's process ended with this batch: none of its sessions for a while.

        Who of them it was is not tried out: that would cost further engines.
        """
        self._muted_until = {session: until for session, until in self._muted_until.items() if until > now}
        for delivery in batch:
            self._muted_until.pop(delivery.job.session, None)  # the newest last
            self._muted_until[delivery.job.session] = now + _MUTED_S
        for session in list(self._muted_until)[:-_MOST_MUTED]:
            del self._muted_until[session]
