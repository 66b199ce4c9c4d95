"""Choice of the partials that are worth making. Pure: time comes in as a value."""

from collections.abc import Iterable
from typing import Final

from worker.core.delivery import Delivery

_MUTED_S: Final = 60.0
"""As long as the longest segment, so that audio that ended an engine is not decoded again."""
_MOST_MUTED: Final = 1_000


class PartialSelection:
    """Best-effort selection of partials; rejected ones are dropped silently. ``dropped`` counts them."""

    def __init__(self) -> None:
        self.dropped = 0
        self._muted_until: dict[str, float] = {}

    def wanted(self, asked: Iterable[Delivery], slots: int, now: float) -> list[Delivery]:
        """Return the requests to decode together: the newest of each unmuted session, at most ``slots``."""
        asked = list(asked)
        newest = {delivery.job.session: delivery for delivery in asked if not delivery.refusal}
        wanted = [one for session, one in newest.items() if self._muted_until.get(session, now) <= now][:slots]
        self.dropped += len(asked) - len(wanted)
        return wanted

    def blame(self, batch: Iterable[Delivery], now: float) -> None:
        """Mute all sessions of a batch with which the engine's process ended.

        Which of them caused it is not tested, because that would cost further engines.
        """
        self._muted_until = {session: until for session, until in self._muted_until.items() if until > now}
        for delivery in batch:
            self._muted_until.pop(delivery.job.session, None)  # keep the newest last
            self._muted_until[delivery.job.session] = now + _MUTED_S
        for session in list(self._muted_until)[:-_MOST_MUTED]:
            del self._muted_until[session]
