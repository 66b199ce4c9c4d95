"""Write sessions as JSON, in slices of a few hundred segments, each made in the store's thread.

The thread serves other callers between two slices. A session of any length takes no more memory than its texts.
"""

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import msgspec
from msgspec.structs import replace

from backend.history.records import SessionFilter, StoredSegment, StoredSession
from backend.rest.scope import not_found
from backend.rest.views import segment_view, session_view, text_of

if TYPE_CHECKING:
    from backend.history.store import Store

SEGMENTS: Final = 200
"""Maximum number of segments in one slice."""
_BYTES: Final = 32 * 1024  # an export of short sessions delays a search by about 40 ms


class Slice(NamedTuple):
    """A part of the output; ``last``: no more follow."""

    data: bytes
    last: bool


class SliceWriter(Protocol):
    """A long output that is made slice by slice."""

    def slice(self, store: "Store") -> Slice:
        """Return the next slice, in the store's thread.

        Raises ``RequestRefused`` if the session was deleted meanwhile.
        """


class SessionWriter:
    """A writer of one ``SessionResult``, whose text comes last: it is complete only after the segments."""

    def __init__(self, session: StoredSession, here: bool = False) -> None:
        self._session = session
        self._here = here
        self._after = -1
        self._said: list[StoredSegment] = []

    def slice(self, store: "Store") -> Slice:
        segments = store.segments(self._session.id, self._after, SEGMENTS)
        data = msgspec.json.encode([segment_view(segment) for segment in segments])[1:-1]
        if not self._said:
            view = session_view(self._session, self._here)
            data = b'{"session":' + msgspec.json.encode(view) + b',"segments":[' + data
        elif segments:
            data = b"," + data
        self._said += [replace(segment, words=()) for segment in segments]
        if len(segments) == SEGMENTS:
            self._after = segments[-1].segment
            return Slice(data, last=False)
        if len(self._said) < self._session.segments and store.session(self._session.id) is None:
            raise not_found()
        return Slice(data + b'],"text":' + msgspec.json.encode(text_of(self._said)) + b"}", last=True)


class ExportWriter:
    """A writer of the matching sessions, the newest first, one ``SessionResult`` per line."""

    def __init__(self, wanted: SessionFilter) -> None:
        self._wanted = wanted
        self._before: int | None = None
        self._line: SessionWriter | None = None

    def slice(self, store: "Store") -> Slice:
        data = b""
        while len(data) < _BYTES and (line := self._line or self._next(store)):
            part, whole = line.slice(store)
            self._line = None if whole else line
            data += part + (b"\n" if whole else b"")
        return Slice(data, last=len(data) < _BYTES)

    def _next(self, store: "Store") -> SessionWriter | None:
        for session in store.sessions(self._wanted, self._before, 1).items:
            self._before = session.number
            return SessionWriter(session)
        return None
