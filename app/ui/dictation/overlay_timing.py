"""Display time of the overlay: a take while it goes on, its outcome for some seconds. Pure."""

from math import inf
from typing import Final

from app.core.states import State
from app.dictation.view import View

NOTE_S: Final = 4.0
STAYS_S: Final = {State.DONE: 1.5, State.HELD: 6.0, State.CANCELLED: 4.0, State.FAILED: 8.0, State.DAMAGED: 8.0}
"""Display time of each outcome in seconds; outcomes that need no attention disappear first."""


def stays_s(view: View) -> float:
    """Return for how many seconds to show ``view``.

    0 means not at all; ``inf`` means as long as the state lasts.
    """
    if view.state is State.IDLE:
        return NOTE_S if view.note else 0.0
    return STAYS_S.get(view.state, inf)


class OverlayTiming:
    """Selection of the view to show.

    An outcome keeps its display time even if the app becomes idle.
    """

    def __init__(self) -> None:
        self._phase: tuple[State, str] | None = None
        self._waiting = 0
        self._until = 0.0
        self._shown: View | None = None

    def see(self, view: View, now: float) -> View | None:
        """Return the view to show at ``now`` (monotonic seconds) after ``view`` arrived."""
        waited, self._waiting = self._waiting, view.held + view.earlier
        if view.state is State.HELD and 0 < self._waiting <= waited:
            return self._see_again(view, now)
        if stay := stays_s(view):
            self._begin(view, now + stay)
        elif self._until == inf:
            self._until = now
        return self.at(now)

    def _see_again(self, view: View, now: float) -> View | None:
        """Return the view to show if no new text is held.

        Only a new note makes the overlay appear again.
        """
        state, note = self._phase or (State.IDLE, "")
        if state is State.HELD and now < self._until:
            self._shown = view
        elif view.note and view.note.key != note:
            self._begin(view, now + NOTE_S)
        elif self._until == inf:
            self._until = now
        return self.at(now)

    def at(self, now: float) -> View | None:
        """Return the view that is still to be shown at ``now``."""
        if now >= self._until:
            self._shown = None
        return self._shown

    @property
    def until(self) -> float:
        """Time when the shown view disappears; ``inf`` if only the next view replaces it."""
        return self._until

    def _begin(self, view: View, until: float) -> None:
        phase = view.state, view.note.key if view.note else ""
        if phase != self._phase or until == inf or self._until == inf:
            self._until = until
        self._phase = phase
        self._shown = view
