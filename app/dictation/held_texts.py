"""Decide which held texts the paste key inserts, and allow one paste at a time. Pure.

The key pastes the newest recording of this run that has held texts. After pasting a recording, it never pastes
earlier ones, so that a second press inserts no unexpected text. Earlier recordings are pasted from the list.
"""

from app.dictation.actions import HeldAction
from app.dictation.insertion_queue import InsertionQueue
from app.dictation.messages import Effect, FindFocusedWindow, RecordDismissed
from app.insertion.outcome import Target


class HeldTexts:
    """The paste rules for the held texts of an ``InsertionQueue``."""

    def __init__(self, queue: InsertionQueue) -> None:
        self._queue = queue
        self._aiming = False
        self._oldest = 1  # the key pastes no earlier take than this

    @property
    def newest(self) -> int | None:
        """The take that the key pastes, or ``None``."""
        newest = next(iter(self._queue.holding), 0)
        return newest if newest >= self._oldest else None

    @property
    def earlier(self) -> int:
        """The number of takes that can be pasted from the list only."""
        return len(self._queue.holding) - (self.newest is not None)

    def settle_newest(self, how: HeldAction) -> list[Effect]:
        """Settle the recording that the key applies to."""
        take = self.newest
        if take is None:
            return []
        if how is HeldAction.PASTE:
            self._oldest = take
        return self.settle(take, how, leaves=False)

    def settle(self, take: int, how: HeldAction, *, leaves: bool = True) -> list[Effect]:
        """Paste, copy or dismiss the held texts of a take.

        A paste is ignored while another one is in progress. ``leaves``: the request came from one of our
        windows, which gives up the focus.
        """
        if how is HeldAction.DISMISS:
            dismissed = self._queue.dismiss(take)
            return [RecordDismissed(dismissed)] if dismissed else []
        if self._aiming or self._queue.pasting or not self._queue.holds(take):
            return []
        if how is HeldAction.COPY:
            self._queue.paste(take, None)
            return []
        self._aiming = True
        return [FindFocusedWindow(take, leaves)]

    def paste_into(self, take: int, target: Target | None, *, joins: bool, followed: bool) -> None:
        """Paste the held texts of a take into the window that has the focus."""
        self._aiming = False
        self._queue.paste(take, target, joins=joins, followed=followed)
