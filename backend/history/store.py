"""The history in its database, used from one thread: what is recorded, asked for, and deleted.

Every method may raise ``HistoryUnavailable``; nothing has changed then, and it may be tried again.
"""

from collections.abc import Sequence
from datetime import date

from backend.history.records import (
    Entry,
    Exported,
    Held,
    Hit,
    NewFile,
    Page,
    Planned,
    SessionState,
    StoredSegment,
    StoredSession,
    Usage,
    Wanted,
)


class Store:
    """Made by ``open_store``. ``owner``: of whom alone; ``None``: of anybody."""

    # -- what is recorded ----------------------------------------------------------------------------------

    def record(self, entries: Sequence[Entry]) -> None:
        """What the feed says, all of it or nothing. What is known already changes nothing."""
        raise NotImplementedError

    def begin_file(self, new: NewFile) -> StoredSession:
        """A file is submitted; one that is there already stays as it is."""
        raise NotImplementedError

    def plan(self, session: str, segments: Sequence[Planned], complete: bool) -> bool:
        """A file was cut into these, and more before; ``complete``: and into no more. False: no such session.

        It is ``working`` then; once it is complete and every segment has ended, ``done`` or ``failed``.
        """
        raise NotImplementedError

    def set_state(self, session: str, state: SessionState, reason: str = "") -> bool:
        """Say where a session stands. False: there is no such session."""
        raise NotImplementedError

    # -- what is asked for ---------------------------------------------------------------------------------

    def session(self, id: str, owner: str | None = None) -> StoredSession | None:
        """One session."""
        raise NotImplementedError

    def segments(self, id: str, after: int = -1, limit: int = 500) -> list[StoredSegment]:
        """Those of a session with a number over ``after``, in order."""
        raise NotImplementedError

    def failed(self, id: str) -> list[StoredSegment]:
        """Those without a text, in order: what may be tried again."""
        raise NotImplementedError

    def sessions(self, wanted: Wanted, before: int | None = None, limit: int = 50) -> Page[StoredSession]:
        """The newest sessions, a page."""
        raise NotImplementedError

    def search(self, query: str, wanted: Wanted, before: int | None = None, limit: int = 50) -> Page[Hit]:
        """The newest segments that have everything that is searched for, a page; nothing for an empty query."""
        raise NotImplementedError

    def export(self, wanted: Wanted, before: int | None = None, limit: int = 20) -> Page[Exported]:
        """As ``sessions``, with everything of them: a page at a time is all that is ever in memory."""
        raise NotImplementedError

    def usage(self, first: date, last: date, owner: str | None = None) -> list[Usage]:
        """What was used on each of these days, by day, key and tenant."""
        raise NotImplementedError

    def held(self) -> Held:
        """How much there is."""
        raise NotImplementedError

    # -- what goes -----------------------------------------------------------------------------------------

    def delete(self, id: str, owner: str | None = None) -> bool:
        """Delete a session; what the feed still brings of it is not taken. False: there is none."""
        raise NotImplementedError
