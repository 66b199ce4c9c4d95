"""Values that the history stores, and the queries it answers.

Times are ms since 1970, by the broker's clock for the end of a segment. Lengths are samples at 16 kHz.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from protocol.errors import ErrorCode
from protocol.job import Outcome
from protocol.recognition import Options, Word
from protocol.rest import SegmentState, SessionKind, SessionState

T = TypeVar("T")

FED_EMBEDDED: Final = 10_000
FED: Final = 100_000
"""Maximum number of feed entries; above it the oldest are dropped. Each takes 1 to 5 KB of the broker's 256 MB."""
MOST_ROWS: Final = 500
"""Maximum number of rows of any page."""


class SessionOwner(Struct, frozen=True, omit_defaults=True):
    """The owner of a session, as its hash and each entry of the feed state it. ``owner``: id of a key."""

    owner: str
    device: str = ""
    tenant: str = ""
    client: str = ""
    kind: SessionKind = SessionKind.STREAM


def feed_field(about: SessionOwner, most: int) -> str:
    """Encode a session hash's field for the feed: the limit of its stream, and the session's owner."""
    return f"{most} {msgspec.json.encode(about).decode()}"


class FeedEntry(NamedTuple):
    """An entry of the feed, in the broker's order. ``at_ms``: when the broker received it.

    ``outcome`` ``None``: the segment was cancelled. ``segment`` -1: the session is over. ``replaces``: the
    segments of which it is the second pass. ``part_of``: the second pass that replaces it, or -1.
    """

    about: SessionOwner
    session: str
    segment: int
    attempt: int
    outcome: Outcome | None
    samples: int
    at_ms: int
    replaces: tuple[int, ...] = ()
    part_of: int = -1


class NewFile(Struct, frozen=True):
    """A file that a client submits. ``id``: the session that the file becomes."""

    id: str
    owner: str
    device: str = ""
    tenant: str = ""
    client: str = ""
    name: str = ""
    options: Options = Options()


class Planned(Struct, frozen=True):
    """A segment that a file was cut into, ``at_ms`` after the file's beginning."""

    segment: int
    at_ms: int
    samples: int


class StoredSession(Struct, frozen=True):
    """A session in the history.

    ``segments``: all known segments, of which ``finals`` have a text and ``failed`` have none.
    ``truncated``: the end of the file is missing.
    ``number``: position in order of arrival, and the cursor for pages of sessions.
    """

    number: int
    id: str
    kind: SessionKind
    state: SessionState
    owner: str
    device: str
    tenant: str
    client: str
    name: str
    reason: str
    options: Options
    started_ms: int
    changed_ms: int
    segments: int
    finals: int
    failed: int
    samples: int
    truncated: bool = False


class StoredSegment(Struct, frozen=True):
    """A segment in the history.

    ``at_ms``: ms after the beginning of its session, if known. ``ended_ms`` 0: the segment has not ended.
    ``replaces``: the segments of which it is the second pass.
    """

    segment: int
    attempt: int
    state: SegmentState
    samples: int
    at_ms: int | None = None
    ended_ms: int = 0
    text: str = ""
    language: str = ""
    words: tuple[Word, ...] = ()
    model: str = ""
    worker: str = ""
    queue_ms: int = 0
    decode_ms: int = 0
    emotion: str = ""
    event: str = ""
    code: ErrorCode | None = None
    message: str = ""
    retryable: bool = False
    replaces: tuple[int, ...] = ()


class SessionFilter(NamedTuple):
    """A filter for sessions; ``None`` matches every value. ``client``: as the client named itself."""

    owner: str | None = None
    tenant: str | None = None
    state: SessionState | None = None
    kind: SessionKind | None = None
    client: str | None = None


class Page(NamedTuple, Generic[T]):
    """A page of results, the newest first.

    ``next``: the ``before`` of the following page; ``None``: this page is the last.
    """

    items: Sequence[T]
    next: int | None = None


class Hit(Struct, frozen=True):
    """A segment that matches every part of a query.

    ``excerpt``: part of its text in one line. ``ranges``: the matches within the excerpt.
    """

    session: StoredSession
    segment: int
    at_ms: int | None
    ended_ms: int
    excerpt: str
    ranges: tuple[tuple[int, int], ...] = ()


class Usage(Struct, frozen=True):
    """The usage of one key on one UTC day. Usage stays when the speech is deleted."""

    day: date
    owner: str
    tenant: str
    sessions: int
    segments: int
    failed: int
    samples: int
    characters: int


class HistoryLimits(NamedTuple):
    """How much the history keeps: ``days`` and ``megabytes``; 0: no limit."""

    days: int = 90
    megabytes: int = 2048


class HistorySize(NamedTuple):
    """How much the history contains. ``bytes``: the size of the database."""

    sessions: int
    segments: int
    bytes: int
