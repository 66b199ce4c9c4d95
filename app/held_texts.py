"""Held texts on their way to a person: which recording the key pastes, and one paste at a time. Pure.

The key pastes the newest recording of this run that has held texts. It never goes back: once it has pasted a
recording, earlier ones are pasted from the list only, so that a second press types nothing unexpected.
"""

from app.actions import HeldDeed
from app.dictation_events import AimHere, Effect, NoteDismissed
from app.insertion.outcome import Target
from app.spoken_order import SpokenOrder


class HeldTexts:
    """The held texts of one ``SpokenOrder``."""

    def __init__(self, order: SpokenOrder) -> None:
        self._order = order
        self._aiming = False
        self._oldest = 1  # the key pastes no take before this one

    @property
    def newest(self) -> int | None:
        """The take that the key pastes."""
        newest = next(iter(self._order.holding), 0)
        return newest if newest >= self._oldest else None

    @property
    def earlier(self) -> int:
        """Count the takes that are pasted from the list only."""
        return len(self._order.holding) - (self.newest is not None)

    def by_key(self, deed: HeldDeed) -> list[Effect]:
        """Settle what the key is about."""
        take = self.newest
        if take is None:
            return []
        if deed is HeldDeed.PASTE:
            self._oldest = take
        return self.settle(take, deed, leaves=False)

    def settle(self, take: int, deed: HeldDeed, *, leaves: bool = True) -> list[Effect]:
        """Paste, copy or dismiss the held texts of a take. While another paste is on its way, nothing is pasted.

        ``leaves``: the wish came from a window of ours that gives the focus away.
        """
        if deed is HeldDeed.DISMISS:
            dismissed = self._order.dismiss(take)
            return [NoteDismissed(dismissed)] if dismissed else []
        if self._aiming or self._order.pasting or not self._order.holds(take):
            return []
        if deed is HeldDeed.COPY:
            self._order.paste(take, None)
            return []
        self._aiming = True
        return [AimHere(take, leaves)]

    def here(self, take: int, target: Target | None, *, joins: bool, followed: bool) -> None:
        """Paste the held texts of a take into the window that has the focus."""
        self._aiming = False
        self._order.paste(take, target, joins=joins, followed=followed)
